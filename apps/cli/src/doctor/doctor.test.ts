import type { DaemonStatusView } from '@kheish/client-sdk';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  deadAddress,
  fakeDaemon,
  frameText,
  json,
  problem,
  startStream,
} from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { pageOf, statusView } from '../testing/views.ts';
import type { DoctorView } from './doctor-view.ts';
import { statusChecks } from './status-checks.ts';

const NOW = 100 * 86_400_000;
const auditStatus = {
  ok: true,
  log_id: 'root_1',
  size: 3,
  key: { key_id: '0'.repeat(64), source: 'file', co_located: false, path: '/elsewhere/key' },
  uncovered: 1,
};
const healthy: DaemonStatusView = { ...statusView('7'), snapshot_at_ms: NOW };

/** A daemon that is well; `answers` stand in the place of its own, by path. */
function daemonWith(answers: Readonly<Record<string, Answer>> = {}): Answer {
  const own: Readonly<Record<string, Answer>> = {
    '/readyz': (_, response) => void response.writeHead(200).end('ready\n'),
    '/v1/status': (_, response) => json(response, healthy),
    '/v1/audit/status': (_, response) => json(response, auditStatus),
    '/v1/backups': (_, response) =>
      json(
        response,
        pageOf([{ backup_id: 'b', state: 'complete', path: '/b', created_at_ms: NOW - 1_000 }]),
      ),
    '/v1/events/stream': ({ query }, response) => {
      startStream(response);
      if (query.get('cursor') === '6') response.write(frameText({ type: 'x', seq: 7 }));
    },
  };
  return (seen, response) => {
    const answer = answers[`${seen.method} ${seen.path}`] ?? answers[seen.path] ?? own[seen.path];
    return answer === undefined
      ? problem(response, 404, 'api/route_not_found')
      : answer(seen, response);
  };
}

async function doctor(answer: Answer, ...flags: string[]) {
  await using daemon = await fakeDaemon(answer);
  const { stdout, code } = await runHere('--base-url', daemon.baseUrl, 'doctor', ...flags);
  const view = JSON.parse(stdout) as DoctorView;
  const told = view.checks.map(({ name, code: what, severity }) => `${name} ${severity} ${what}`);
  return { code, view, told };
}

const allowed: Answer = (seen, response) => {
  expect(seen.headers.authorization).toBeUndefined();
  response
    .writeHead(204, {
      'access-control-allow-origin': String(seen.headers.origin),
      'access-control-allow-methods': 'GET,POST',
      'access-control-allow-headers': 'authorization,content-type',
    })
    .end();
};

describe('doctor', () => {
  test('finds nothing wrong with a daemon that is well', async () => {
    const { code, view, told } = await doctor(daemonWith());
    expect(told).toEqual([
      'readyz info ok',
      'status info ok',
      'event_stream info ok',
      'routes info ok',
      'auth info ok',
      'storage info ok',
      'sandbox info ok',
      'secrets info ok',
      'event_counters info ok',
      'audit_ledger info ok',
      'backups info ok',
    ]);
    expect([code, view.ok, view.warnings, view.errors]).toEqual([0, true, [], []]);
    expect([view.readyz_reachable, view.events_stream_reachable]).toEqual([true, true]);
    expect(view.status).toEqual(healthy);
  });

  test.each<[string, Answer, number, string]>([
    ['a token that is refused', (_, r) => problem(r, 401, 'auth/invalid_token'), 4, 'no_status'],
    ['a role that may not', (_, r) => problem(r, 403, 'auth/insufficient_access'), 4, 'no_status'],
    ['a status of another version', (_, r) => json(r, { nothing: 'known' }), 8, 'no_status'],
    ['a fault of the daemon', (_, r) => problem(r, 500, 'api/internal_error'), 1, 'no_status'],
  ])('%s is told, and in the exit code', async (_, status, expected, what) => {
    const { code, view, told } = await doctor(daemonWith({ '/v1/status': status }));
    expect([code, view.ok, told]).toEqual([
      expected,
      false,
      ['readyz info ok', `status error ${what}`],
    ]);
    expect(view.status_error).toBe(view.checks[1]?.message);
  });

  test('a daemon that does not answer is 3, after the view', async () => {
    const address = await deadAddress();
    const { stdout, code } = await runHere('--base-url', address, 'doctor');
    const view = JSON.parse(stdout) as DoctorView;
    expect([code, view.readyz_reachable, view.errors.length]).toEqual([3, false, 2]);
  });

  test.each<[string, Record<string, Answer>, string, number]>([
    [
      'no readiness',
      { '/readyz': (_, r) => problem(r, 503, 'storage/storage_unavailable') },
      'readyz error storage_unavailable',
      1,
    ],
    [
      'draining',
      { '/readyz': (_, r) => problem(r, 503, 'readiness/daemon_draining') },
      'readyz warning daemon_draining',
      0,
    ],
    [
      'a stream that is refused',
      { '/v1/events/stream': (_, r) => problem(r, 403, 'auth/insufficient_access') },
      'event_stream error insufficient_access',
      1,
    ],
    [
      'a key that lies beside its log',
      {
        '/v1/audit/status': (_, r) =>
          json(r, { ...auditStatus, key: { ...auditStatus.key, co_located: true } }),
      },
      'audit_ledger warning audit_key_co_located',
      0,
    ],
    [
      'a record that takes nothing',
      {
        '/v1/audit/status': (_, r) => json(r, { ...auditStatus, ok: false, failure: 'no key' }),
      },
      'audit_ledger error ledger_unavailable',
      1,
    ],
    [
      'an old backup',
      {
        '/v1/backups': (_, r) =>
          json(r, pageOf([{ backup_id: 'b', state: 'complete', path: '/', created_at_ms: 1 }])),
      },
      'backups warning backup_old',
      0,
    ],
    [
      'a backup that failed',
      {
        '/v1/backups': (_, r) =>
          json(r, pageOf([{ backup_id: 'b', state: 'failed', path: '/', created_at_ms: NOW }])),
      },
      'backups warning no_backup',
      0,
    ],
    [
      'backups that it may not see',
      { '/v1/backups': (_, r) => problem(r, 403, 'auth/insufficient_access') },
      'backups info insufficient_access',
      0,
    ],
  ])('%s is found', async (_, answers, line, expected) => {
    const { code, told } = await doctor(daemonWith(answers));
    expect([code, told]).toEqual([expected, expect.arrayContaining([line])]);
  });

  test('a page that asks whether it may call is answered for it', async () => {
    const origin = 'http://localhost:5173';
    const asking = (answer: Answer) =>
      doctor(daemonWith({ 'OPTIONS /v1/status': answer }), '--cors-origin', origin);
    expect((await asking(allowed)).told).toContain('cors_preflight info ok');
    const refused = await asking((_, r) => problem(r, 403, 'cors/origin_not_allowed'));
    expect([refused.code, refused.told]).toEqual([
      1,
      expect.arrayContaining(['cors_preflight error origin_not_allowed']),
    ]);
    for (const lacking of ['origin', 'methods', 'headers']) {
      const answer: Answer = (_, response) => {
        const headers = { origin, methods: 'POST', headers: 'authorization,content-type' };
        for (const [name, value] of Object.entries(headers)) {
          if (name !== lacking) response.setHeader(`access-control-allow-${name}`, value);
        }
        response.writeHead(204).end();
      };
      expect([lacking, (await asking(answer)).code]).toEqual([lacking, 1]);
    }
  });
});

const checksOf = (more: Partial<DaemonStatusView>) =>
  statusChecks({ ...healthy, ...more }).filter(({ code }) => code !== 'ok');
const withWarnings = (...codes: string[]) => ({
  health: {
    generated_at_ms: 0,
    ok: true,
    warnings: codes.map((code) => ({ severity: 'warning' as const, code, message: 'm' })),
  },
});

describe('the status', () => {
  test('has each warning in its room, and what has none in its own', () => {
    const codes = ['auth_disabled', 'token_expires_soon', 'storage_unavailable', 'corrupt'];
    codes.push('sandbox_unavailable', 'ledger_unavailable', 'secret_expires_soon', 'new_of_later');
    const found = checksOf(withWarnings(...codes, 'no_routes'));
    expect(found.map(({ name, code }) => `${name} ${code}`)).toEqual([
      'routes no_routes',
      'auth auth_disabled',
      'auth token_expires_soon',
      'storage storage_unavailable',
      'storage corrupt',
      'sandbox sandbox_unavailable',
      'secrets secret_expires_soon',
      'health ledger_unavailable',
      'health new_of_later',
    ]);
  });

  test('tells of a route by its name, whatever the code', () => {
    const route = { route_id: 'r', state: 'error', code: 'missing_secret', message: 'm' } as const;
    const found = checksOf({
      provider_readiness: {
        route_count: 1,
        ready_route_count: 0,
        error_route_count: 1,
        routes: [route],
      },
      health: {
        generated_at_ms: 0,
        ok: false,
        warnings: [
          { severity: 'error', code: 'missing_secret', message: 'm', related_id: 'r', action: 'a' },
        ],
      },
    });
    expect(found).toEqual([
      {
        name: 'routes',
        ok: false,
        severity: 'error',
        code: 'missing_secret',
        message: 'm',
        related_id: 'r',
        action: 'a',
      },
    ]);
  });

  test.each([
    ['0', '7', '7', true],
    ['7', '7', '7', true],
    ['8', '7', '7', false],
    ['0', '7', '6', false],
    ['0', '7', 'x', false],
    ['9', '10', '10', true],
  ])('with events %s to %s, cursor %s, is in order: %s', (floor, newest, tail, inOrder) => {
    const events = {
      ...healthy.events,
      floor_event_id: floor,
      newest_event_id: newest,
      tail_event_id_cursor: tail,
    };
    expect(checksOf({ events }).length === 0).toBe(inOrder);
  });
});
