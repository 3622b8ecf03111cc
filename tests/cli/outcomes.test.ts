import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DaemonProcess,
  type Sandbox,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { until } from '../harness/until.ts';

interface Run {
  readonly run_id: string;
  readonly status: string;
}

const slow = 'scripted: pause 1000 per word\nscripted: say 1000 words';

let box: Sandbox;
let daemon: DaemonProcess;
let env: Record<string, string>;

beforeAll(async () => {
  box = sandbox();
  daemon = await startDaemon({ sandbox: box });
  env = at(daemon);
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  box[Symbol.dispose]();
});

/** A session with a run under way that does not end by itself, and a command that waits for it. */
async function waitingOn(session: string, command: 'input' | 'wait') {
  await jsonOf(['sessions', 'create', session], { env });
  const input = ['--output', 'json', 'sessions', 'input', session, slow];
  const first = command === 'input' ? runKheish([...input, '--wait'], { env }) : undefined;
  if (first === undefined) await runKheish(input, { env });
  const runId = await until('the run', async () => {
    const answer = await fetch(`${daemon.url}/v1/sessions/${session}`);
    return ((await answer.json()) as { active_run_id?: string }).active_run_id;
  });
  const waiting = first ?? runKheish(['--output', 'json', 'runs', 'wait', runId], { env });
  return { runId, waiting };
}

describe('a command that waits exits by the outcome of the run', () => {
  it('0 completed, 10 failed, and so does runs wait afterwards [holds cli.outcome_codes]', async () => {
    await jsonOf(['sessions', 'create', 'ends'], { env });
    for (const [content, code, status] of [
      ['scripted: say done', 0, 'completed'],
      ['scripted: fail refused', 10, 'failed'],
    ] as const) {
      const run = await jsonOf<Run>(
        ['sessions', 'input', 'ends', content, '--wait'],
        { env },
        code,
      );
      expect(run.status).toBe(status);
      await jsonOf(['runs', 'wait', run.run_id], { env }, code);
    }
  });

  it.each(['input', 'wait'] as const)('11 cancelled, with %s', async (command) => {
    const { runId, waiting } = await waitingOn(`cancelled-${command}`, command);
    expect(await jsonOf(['runs', 'cancel', runId], { env })).toMatchObject({ run_id: runId });
    const { code, stdout } = await waiting;
    expect(JSON.parse(stdout)).toMatchObject({ run_id: runId, status: 'cancelled' });
    expect(code).toBe(11);
    const again = await runKheish(['runs', 'cancel', runId], { env });
    expectRefusal(again, 6, 'daemon returned 409 (runs/run_state_conflict)');
  });

  it.each(['input', 'wait'] as const)(
    '12 interrupted, with %s; the session stays usable [holds cli.outcome_codes]',
    async (command) => {
      const session = `interrupted-${command}`;
      const { runId, waiting } = await waitingOn(session, command);
      await jsonOf(['sessions', 'interrupt', session], { env });
      const { code, stdout } = await waiting;
      expect(JSON.parse(stdout)).toMatchObject({ run_id: runId, status: 'interrupted' });
      expect(code).toBe(12);
      const next = ['sessions', 'input', session, 'scripted: say on', '--wait'];
      expect(await jsonOf(next, { env })).toMatchObject({ status: 'completed' });
    },
  );

  it('15 when --timeout-ms has passed, and the run goes on [holds cli.timeout]', async () => {
    await jsonOf(['sessions', 'create', 'late'], { env });
    const wait = ['--wait', '--timeout-ms', '300'];
    const late = await runKheish(['sessions', 'input', 'late', slow, ...wait], { env });
    expect(late).toMatchObject({ code: 15, stdout: '' });
    expect(late.stderr).toMatch(/^Error: .*run_.*\n$/);
    const [run] = await jsonOf<Run[]>(['runs', 'list', '--session-id', 'late'], { env });
    expect(['queued', 'running']).toContain(run?.status);
    const again = await runKheish(['runs', 'wait', run?.run_id ?? '', '--timeout-ms', '1'], {
      env,
    });
    expect(again.code).toBe(15);
    await jsonOf(['runs', 'cancel', run?.run_id ?? ''], { env });
  });
});

describe('a command that cannot do what it should exits by the reason', () => {
  it('2 usage or bad request [holds cli.exit_codes]', async () => {
    for (const args of [
      ['nonsense'],
      ['sessions', 'create', 'a', 'b'],
      ['sessions', 'input', 'x', 'hi', '--timeout-ms', '5'],
      ['sessions', 'set-route', 'x'],
      ['secrets', 'set', 'x'],
      ['secrets', 'list', '--state-root', '/nowhere'],
      ['sessions', 'list', '--limit', '0'],
      ['--base-url', 'nonsense', 'status'],
      ['--token', 'a', '--token-file', 'b', 'status'],
    ]) {
      const refused = await runKheish(args, { env });
      expect([args, refused.code, refused.stdout]).toEqual([args, 2, '']);
      expect(refused.stderr).toMatch(/^Error: /);
    }
    const bad = await runKheish(['sessions', 'create', '.'], { env });
    expectRefusal(bad, 2, 'daemon returned 400 (api/bad_request)');
  });

  it('3 no daemon there', async () => {
    const nobody = { KHEISH_DAEMON_URL: `http://127.0.0.1:${await fixedPort()}` };
    for (const args of [['status'], ['sessions', 'create', 'x'], ['runs', 'stream', 'run_x']]) {
      expectRefusal(await runKheish(args, { env: nobody }), 3, nobody.KHEISH_DAEMON_URL);
    }
    const hint = await runKheish(['secrets', 'list'], { env: nobody });
    expectRefusal(hint, 3, 'run this again with --offline --state-root DIR');
  });

  it('5 not found, 6 conflict, 7 try later', async () => {
    expectRefusal(
      await runKheish(['sessions', 'get', 'none'], { env }),
      5,
      '(sessions/session_not_found)',
    );
    expectRefusal(
      await runKheish(['runs', 'stream', 'run_none'], { env }),
      5,
      '(runs/run_not_found)',
    );
    expectRefusal(
      await runKheish(['secrets', 'get', 'none'], { env }),
      5,
      '(secrets/secret_not_found)',
    );
    await jsonOf(['sessions', 'create', 'over'], { env });
    await jsonOf(['sessions', 'end', 'over'], { env });
    const input = await runKheish(['sessions', 'input', 'over', 'more'], { env });
    expectRefusal(input, 6, 'daemon returned 409 (sessions/session_ended)');
    const set = ['secrets', 'set', 'x', '--provider', 'generic', '--value', 'canary-value'];
    const later = await runKheish(set, { env });
    expectRefusal(later, 7, 'daemon returned 503 (secrets/master_key_missing)', 'canary-value');
  });

  it('8 an answer that no daemon of ours gives', async () => {
    const stranger = createServer((_request, response) => response.end('<html>canary</html>'));
    stranger.listen(0, '127.0.0.1');
    await once(stranger, 'listening');
    const { port } = stranger.address() as AddressInfo;
    const status = await runKheish(['--base-url', `http://127.0.0.1:${port}`, 'status']);
    expectRefusal(status, 8, /^Error: /);
    stranger.close();
  });
});
