import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { notRun } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { launchDaemon, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { startFakeAgent } from '../harness/fake-agent.ts';
import { Injection, needStrace } from '../harness/syscall-faults.ts';
import { until } from '../harness/until.ts';
import { criticalPaths } from './critical-paths.ts';
import { FaultedDaemon, Refused } from './faulted-daemon.ts';

const run = criticalPaths['run to the end with tools'];
const unready = '503 storage/storage_unavailable, 1';

function needMounts(): void {
  const { status, stderr } = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], {
    encoding: 'utf8',
  });
  if (status !== 0) notRun(`a process cannot have mounts of its own here: ${stderr}`);
}

/** Starts a program with mounts of its own, which are gone with it. */
const withMounts = (script: string, ...args: string[]) => [
  'unshare',
  '-m',
  'sh',
  '-c',
  `${script}; shift ${args.length}; exec "$@"`,
  'sh',
  ...args,
];

/** Resolves when one more session is refused because the disk is full; each is as large as may be in one row. */
async function fillUp(daemon: FaultedDaemon): Promise<void> {
  await until('a full disk', async () => {
    const body = { system_prompt: 'x'.repeat(60_000) };
    try {
      const { session_id: id } = await daemon.done('POST', '/v1/sessions', body);
      daemon.acknowledged.set(`/v1/sessions/${String(id)}`, 200);
      return undefined;
    } catch (error) {
      if (error instanceof Refused) return true;
      throw error;
    }
  });
}

test('a full disk is said, and when there is room again the daemon goes on by itself [holds faults.disk_recovers]', async () => {
  needMounts();
  using box = sandbox();
  await using agent = await startFakeAgent();
  mkdirSync(box.stateRoot);
  const under = withMounts('mount -t tmpfs -o size=8m none "$1"', box.stateRoot);
  await using daemon = await FaultedDaemon.start(box, agent, { under });
  const inside = `/proc/${daemon.pid}/root${box.stateRoot}`;
  await run?.(daemon, 'before');

  writeFileSync(join(inside, 'filler'), Buffer.alloc(5_000_000));
  await fillUp(daemon);
  expect(await daemon.readiness()).toBe(unready);
  expect((await daemon.ask('GET', '/v1/sessions/before')).status).toBe(200);
  await expect(run?.(daemon, 'refused')).rejects.toBeInstanceOf(Refused);

  rmSync(join(inside, 'filler'));
  await daemon.ready();
  await run?.(daemon, 'refused');
  await daemon.expectWhole();
});

test('a root that becomes read-only under a run stops nothing but the writes; then the run goes on', async () => {
  needStrace();
  using box = sandbox();
  await using agent = await startFakeAgent({ chunkDelayMs: 20 });
  await using daemon = await FaultedDaemon.start(box, agent);
  const running = run?.(daemon, 'running');
  await until('a model call', () => agent.requests.length > 0 || undefined);
  const calls = 'pwrite64,ftruncate,mkdir,rename';
  const readOnly = await Injection.into(daemon.pid, {
    calls,
    error: 'EROFS',
    nth: 1,
    lasting: true,
  });
  await until('unreadiness', async () => (await daemon.readiness()) === unready || undefined);
  expect((await daemon.ask('GET', '/v1/sessions/running')).status).toBe(200);
  await readOnly.lift();
  await running;
  await daemon.ready();
  await daemon.expectWhole();
});

test('a root that is read-only is refused at the start, in words', async () => {
  needMounts();
  using box = sandbox();
  mkdirSync(box.stateRoot);
  const script = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"';
  const { child, ready } = launchDaemon({
    sandbox: box,
    under: withMounts(script, box.stateRoot),
  });
  await expect(ready).rejects.toThrow(/The state root .* cannot be used: .*read-only file system/i);
  expect(child.exitCode).toBe(2);
});

test('a database that another program writes to is waited for without a stand-still', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  await using daemon = await FaultedDaemon.start(box, agent);
  await run?.(daemon, 'before');
  const other = new DatabaseSync(join(box.stateRoot, 'kheish.db'));
  other.exec('BEGIN IMMEDIATE');
  await expect(run?.(daemon, 'refused')).rejects.toBeInstanceOf(Refused);
  expect(await daemon.readiness()).toBe(unready);
  expect((await daemon.ask('GET', '/v1/sessions/before')).status).toBe(200);
  other.close();
  await daemon.ready();
  await run?.(daemon, 'refused');
  await daemon.expectWhole();
});

test('a damaged row is a 503 that says what to do, and store verify finds it', async () => {
  using box = sandbox();
  await using agent = await startFakeAgent();
  const first = await FaultedDaemon.start(box, agent);
  await run?.(first, 'damaged');
  await run?.(first, 'whole');
  await first[Symbol.asyncDispose]();
  const other = new DatabaseSync(join(box.stateRoot, 'kheish.db'));
  other.exec(`UPDATE sessions SET state = substr(state, 2) WHERE session_id = 'damaged'`);
  other.close();

  await using daemon = await startDaemon({ sandbox: box });
  const get = async (path: string) => {
    const answer = await fetch(daemon.url + path);
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  };
  expect(await get('/v1/sessions/damaged')).toMatchObject({
    status: 503,
    body: { domain: 'storage', code: 'corrupt', detail: expect.stringContaining('from a backup') },
  });
  expect((await get('/v1/sessions/whole')).status).toBe(200);
  const verified = await fetch(`${daemon.url}/v1/store/verify`, { method: 'POST' });
  expect(await verified.json()).toMatchObject({
    ok: false,
    findings: [{ check: 'session', subject: 'damaged' }],
  });
});
