import { describe, expect, test } from 'vitest';
import { type Answer, fakeDaemon, json, problem } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { pageOf, runtimeView, sessionView } from '../testing/views.ts';
import type { DoctorRoutesView } from './route-doctor.ts';

async function doctorRoutes(answer: Answer, ...flags: string[]) {
  await using daemon = await fakeDaemon(answer);
  const asked = ['--base-url', daemon.baseUrl, 'doctor', 'routes', ...flags];
  const { stdout, code } = await runHere(...asked);
  const view = JSON.parse(stdout) as DoctorRoutesView;
  const told = view.diagnostics.map(({ name, severity, code: what, related_id: id }) =>
    [name, severity, what, id].join(' '),
  );
  return { code, view, told };
}

const capability = { multimodal_input: false, native_web_search: false, image_generation: false };
const capabilities = {
  matrix_version: 2,
  ...capability,
  image_edit: false,
  audio_generation: false,
  transcription: false,
};
const routeNamed = (id: string) => ({
  route_id: id,
  provider: 'scripted',
  model: 'm',
  capabilities,
});
const withRoutes = (...ids: string[]) => ({
  ...runtimeView({}),
  routes: ids.map(routeNamed),
  route_diagnostics: ids.map((route_id) => ({
    route_id,
    state: route_id === 'broken' ? 'error' : 'ok',
    code: route_id === 'broken' ? 'missing_secret' : 'ready',
    message: 'm',
  })),
});

const session = (id: string, route?: string, status = 'idle') => ({
  ...sessionView(),
  session_id: id,
  status,
  ...(route !== undefined && { route_policy: { route_id: route } }),
});

const read = (...flags: string[]) => runHere('doctor', 'routes', '--routes-file', 'f', ...flags);

describe('doctor routes', () => {
  test.each<[string[], string[], number, string[]]>([
    [['main'], [], 0, ['readiness info ready main']],
    [
      ['main', 'broken'],
      [],
      1,
      ['readiness info ready main', 'readiness error missing_secret broken'],
    ],
    [['main', 'broken'], ['--route', 'main'], 0, ['readiness info ready main']],
    [[], [], 0, ['readiness warning no_routes ']],
  ])('%j %j: %i', async (ids, flags, expected, lines) => {
    const { code, view, told } = await doctorRoutes(
      (_, response) => json(response, withRoutes(...ids)),
      ...flags,
    );
    expect([code, told]).toEqual([expected, lines]);
    expect(view).toMatchObject({ source: 'daemon', canary_checked: false, auth_checked: false });
  });

  test('names sessions that want a route which is gone, ended ones not', async () => {
    const sessions = [
      session('free'),
      session('good', 'main'),
      session('stale', 'gone'),
      session('ended', 'gone', 'ended'),
    ];
    const answer: Answer = ({ path }, response) => {
      if (path === '/v1/runtime') json(response, withRoutes('main'));
      else if (path === '/v1/sessions') json(response, pageOf(sessions));
      else problem(response, 404, 'api/route_not_found');
    };
    const { code, told } = await doctorRoutes(answer, '--check-references');
    expect([code, told]).toEqual([
      0,
      ['readiness info ready main', 'references warning stale_session_route_policy stale'],
    ]);
  });

  test('asks either a daemon or a file', async () => {
    for (const flag of ['--canary', '--check-auth', '--check-references']) {
      await expect(read(flag)).rejects.toThrow('without a daemon');
    }
    const stray = runHere('doctor', 'routes', '--default-route', 'a');
    await expect(stray).rejects.toThrow('--default-route goes with --routes-file');
  });
});
