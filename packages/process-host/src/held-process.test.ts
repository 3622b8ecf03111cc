import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { ProcessIdentity } from '@kheish/core-model';
import { describe, expect, onTestFinished, test } from 'vitest';
import { signal } from './death/cohort.ts';
import { livingProcesses, startedWith } from './death/process-table.ts';
import { Hosted, patience, lives, newMark } from './testing/hosted.ts';

interface Daemon {
  readonly process: ChildProcess;
  readonly identity: ProcessIdentity;
  readonly mark: string;
  kill(): Promise<void>;
}

async function daemon(hosted: Hosted, sandbox: string, mode: string, line: string) {
  const file = fileURLToPath(new URL('testing/daemon.child.ts', import.meta.url));
  const flags = ['--conditions=@kheish/source', '--experimental-strip-types', '--no-warnings'];
  const mark = newMark();
  const args = [...flags, file, hosted.workspaceRoot, sandbox, mode, mark, line];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    for (const pid of await marked(mark)) signal(pid, 'SIGKILL');
  });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const [said] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    process: child,
    identity: JSON.parse(said) as ProcessIdentity,
    mark,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  } satisfies Daemon;
}

async function marked(mark: string): Promise<number[]> {
  const all = await livingProcesses();
  return all.map(({ pid }) => pid).filter((pid) => startedWith(pid, 'KHEISH_ACTION', mark));
}

describe.each(['auto', 'off'] as const)('with the sandbox %s, a held command', (sandbox) => {
  test('is a process, leads its group, and has not begun', async () => {
    await using hosted = await Hosted.create(sandbox);
    const held = await hosted.hold('touch began');
    const { pid = 0 } = held.identity ?? {};
    expect((await livingProcesses()).find((entry) => entry.pid === pid)?.group).toBe(pid);
    await sleep(50);
    expect(existsSync(hosted.at('began'))).toBe(false);
    expect(await held.release().exit).toMatchObject({ exit_code: 0 });
    expect(existsSync(hosted.at('began'))).toBe(true);
    expect(lives(pid)).toBe(false);
  });

  test('that is dropped never begins [holds processes.held]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const held = await hosted.hold('touch began');
    await held.drop();
    expect(lives(held.identity?.pid ?? 0)).toBe(false);
    expect(existsSync(hosted.at('began'))).toBe(false);
    expect(() => held.release()).toThrow('dropped before');
  });

  test('never begins when the daemon is killed [holds processes.held]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const { identity, mark, kill } = await daemon(hosted, sandbox, 'hold', 'touch began');
    expect(lives(identity.pid)).toBe(true);
    await kill();
    await expect.poll(() => lives(identity.pid), patience).toBe(false);
    await expect.poll(() => marked(mark), patience).toEqual([]);
    expect(existsSync(hosted.at('began'))).toBe(false);
  });

  test('that runs when the daemon is killed is dead after it is reaped, and its output is there [holds processes.reaped]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const line = `trap '' TERM; echo partial; touch began; setsid sleep 1000 & sleep 1000; sleep 1000`;
    const { identity, mark, kill } = await daemon(hosted, sandbox, 'release', line);
    await expect.poll(() => existsSync(hosted.at('began')), patience).toBe(true);
    await expect
      .poll(() => readFileSync(join(hosted.base, 'output'), 'utf8'), patience)
      .toBe('partial\n');
    await kill();
    // A sandbox dies with its daemon; without one all live on.
    if (sandbox === 'off') expect(lives(identity.pid)).toBe(true);
    else await expect.poll(() => marked(mark), patience).toEqual([]);
    const reaped = await hosted.host.reap(identity, mark);
    expect(reaped).toMatchObject({ death: 'proven' });
    if (sandbox === 'off') expect(reaped.found).toBe(true);
    expect(await marked(mark)).toEqual([]);
    expect(await hosted.host.reap(identity, mark)).toEqual({ found: false, death: 'proven' });
    expect(readFileSync(join(hosted.base, 'output'), 'utf8')).toBe('partial\n');
  });
});

describe('reaping', () => {
  test('finds who has left its leader, its group and its session [holds processes.reaped]', async () => {
    await using hosted = await Hosted.create('off');
    const line = `(setsid sh -c 'touch began; sleep 1000; sleep 1000' &); sleep 1000`;
    const { identity, mark, kill } = await daemon(hosted, 'off', 'release', line);
    await expect.poll(() => existsSync(hosted.at('began')), patience).toBe(true);
    await kill();
    process.kill(identity.pid, 'SIGKILL');
    await expect.poll(() => lives(identity.pid), patience).toBe(false);
    expect(await hosted.host.reap(identity, mark)).toEqual({ found: true, death: 'proven' });
    expect(await marked(mark)).toEqual([]);
  });

  test.each([
    ['another start of the system', { boot_id: '00000000-0000-0000-0000-000000000000' }],
    ['an earlier process of that number', { start_ticks: '1' }],
    ['a later process of that number', { start_ticks: '99999999999' }],
  ])(
    'leaves alone what an identity of %s seems to name [holds processes.reaped]',
    async (_, other) => {
      await using hosted = await Hosted.create('off');
      const held = await hosted.hold('true');
      const { identity } = held;
      if (identity === undefined) throw new Error('no identity');
      const reaped = await hosted.host.reap({ ...identity, ...other }, 'act_of_nobody');
      expect(reaped).toEqual({ found: false, death: 'proven' });
      expect(lives(identity.pid)).toBe(true);
      await held.drop();
    },
  );

  test('names who is in the group of a leader that is gone, and leaves them alone [holds processes.reaped]', async () => {
    await using hosted = await Hosted.create('off');
    const line = `env -i sleep 1000 & echo $! > began; mv began pid; sleep 1000`;
    const { identity, mark, kill } = await daemon(hosted, 'off', 'release', line);
    await expect.poll(() => existsSync(hosted.at('pid')), patience).toBe(true);
    const stray = Number(readFileSync(hosted.at('pid'), 'utf8'));
    await expect.poll(() => startedWith(stray, 'KHEISH_ACTION', mark), patience).toBe(false);
    await kill();
    process.kill(identity.pid, 'SIGKILL');
    await expect.poll(() => lives(identity.pid), patience).toBe(false);
    expect(await hosted.host.reap(identity, mark)).toEqual({
      found: true,
      death: 'unproven',
      remaining_pids: [stray],
    });
    expect(lives(stray)).toBe(true);
    process.kill(stray, 'SIGKILL');
  });
});
