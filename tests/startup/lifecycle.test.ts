import { readFileSync } from 'node:fs';
import { createClient } from '@kheish/client-sdk';
import { startFakeProvider } from '@kheish/testkit';
import { describe, expect, it } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes } from '../harness/fake-agent.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { at, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { until } from '../harness/until.ts';

interface Status {
  readonly root_id: string;
  readonly process_id: number;
  readonly incarnation: number;
}

describe('status', () => {
  it('says which daemon this is: root id, both roots, schema, pid; a stale client sees another root [holds status.identifies]', async () => {
    using box = sandbox();
    using other = sandbox();
    const port = await fixedPort();
    const args = ['--bind', `127.0.0.1:${port}`];
    const first = await startDaemon({ sandbox: box, args });
    const env = at(first);
    const status = await jsonOf<Status>(['status'], { env });
    expect(status).toMatchObject({
      process_id: first.pid,
      state_root: box.stateRoot,
      workspace_root: box.workspaceRoot,
      schema_version: expect.any(Number),
      root_id: expect.stringMatching(/^root_/),
      incarnation: 1,
      version: '0.1.0',
      status: 'ready',
    });
    expect(JSON.parse(readFileSync(`${box.stateRoot}/daemon.json`, 'utf8'))).toMatchObject({
      pid: first.pid,
      address: first.url.slice('http://'.length),
      root_id: status.root_id,
    });
    await first.stop();
    await using stranger = await startDaemon({ sandbox: other, args });
    const seen = await jsonOf<Status>(['status'], { env });
    expect(seen).toMatchObject({ process_id: stranger.pid, state_root: other.stateRoot });
    expect(seen.root_id).not.toBe(status.root_id);
    await stranger.stop();
    await using again = await startDaemon({ sandbox: box, args });
    expect(again.url).toBe(env['KHEISH_DAEMON_URL']);
    expect(await jsonOf(['status'], { env })).toMatchObject({
      root_id: status.root_id,
      incarnation: 2,
    });
  });
});

describe('the end', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)(
    'comes by %s with exit code 0, and leaves no holder [holds daemon.stops_by_signal, store.verify]',
    async (signal) => {
      using box = sandbox();
      await using daemon = await startDaemon({ sandbox: box });
      daemon.child.kill(signal);
      expect(await daemon.ended()).toBe(0);
      expect(() => readFileSync(`${box.stateRoot}/daemon.json`)).toThrow('ENOENT');
      const list = ['secrets', 'list', '--offline', '--state-root', box.stateRoot];
      expect(await jsonOf(list)).toEqual([]);
      const verify = ['store', 'verify', '--offline', '--state-root', box.stateRoot];
      expect(await jsonOf(verify)).toMatchObject({ ok: true, findings: [] });
    },
  );

  it('is announced by readyz while steps under way get their time, and a second signal does not wait [holds daemon.readyz_drains, daemon.second_signal]', async () => {
    using box = sandbox();
    await using provider = await startFakeProvider({
      protocol: 'chat-completions',
      answer: () => ({ hang: 'before_headers' }),
    });
    const routesFile = agentRoutes(box, provider);
    await using daemon = await startDaemon({
      sandbox: box,
      routesFile,
      args: ['--drain-timeout-ms', '600000'],
    });
    const client = createClient({ baseUrl: daemon.url });
    await client.sessions.create({ session_id: 'demo' });
    await client.sessions.submit('demo', 'hang');
    await until('the model call', () => provider.requests[0]);
    daemon.child.kill('SIGTERM');
    const probe = async (path: string) => (await fetch(`${daemon.url}${path}`)).status;
    await until('readyz 503', async () => ((await probe('/readyz')) === 503 ? true : undefined));
    expect(await probe('/healthz')).toBe(200);
    expect(await jsonOf(['status'], { env: at(daemon) })).toMatchObject({
      status: 'draining',
      ready: false,
    });
    // What is accepted now is on disk and waits for the next start.
    const input = ['sessions', 'input', 'demo', 'more'];
    expect(await jsonOf(input, { env: at(daemon) })).toMatchObject({ status: 'queued' });
    daemon.child.kill('SIGTERM');
    expect(await daemon.ended()).toBe(1);
  });
});

describe('the environment', () => {
  it('loses the master key and the tokens at the start, so that no child inherits them [holds secrets.leave_environment]', async () => {
    using box = sandbox();
    const { stdout: key } = await runKheish(['secrets', 'generate']);
    const secrets = {
      KHEISH_AUTH_STORE_MASTER_KEY: key.trim(),
      KHEISH_DAEMON_ADMIN_TOKEN: 'admin-token-canary',
      KHEISH_DAEMON_READONLY_TOKEN: 'reader-token-canary',
    };
    // What the process shows of its own environment as it ends tells what a child would have got.
    const report = `${box.directory}/environment.json`;
    const spy = box.file(
      'spy.cjs',
      `process.on('exit', () => require('node:fs').writeFileSync(${JSON.stringify(report)}, JSON.stringify(process.env)));`,
    );
    await using daemon = await startDaemon({
      sandbox: box,
      env: { ...secrets, NODE_OPTIONS: `--require=${spy}`, MARK: 'mark' },
    });
    expect(await daemon.stop()).toBe(0);
    const left = JSON.parse(readFileSync(report, 'utf8')) as Record<string, string>;
    expect(left['MARK']).toBe('mark');
    for (const name of Object.keys(secrets)) expect(left).not.toHaveProperty(name);
    for (const value of Object.values(secrets)) {
      expect(Object.values(left)).not.toContain(value);
    }
  });
});
