import { describe, expect, test } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { startFakeAgent } from '../harness/fake-agent.ts';
import { crashSeed } from '../harness/seeded-chance.ts';
import {
  FILES,
  Injection,
  SYNCS,
  type SyscallFault,
  WRITES,
  needStrace,
} from '../harness/syscall-faults.ts';
import { until } from '../harness/until.ts';
import { type CriticalPath, criticalPaths } from './critical-paths.ts';
import { faultStride } from './fault-points.ts';
import { FaultedDaemon, Refused } from './faulted-daemon.ts';

const STRIDE = faultStride(29);
const seed = crashSeed();

const faults: readonly Omit<SyscallFault, 'nth'>[] = [
  { calls: WRITES, error: 'ENOSPC' },
  { calls: WRITES, error: 'EIO' },
  { calls: SYNCS, error: 'EIO' },
  { calls: FILES, error: 'EIO' },
  { calls: `${WRITES},${SYNCS}`, error: 'EIO', lasting: true },
];

/** Whether the path came to its end; anything but a refusal that says when to come back is a failure. */
async function comesToItsEnd(path: CriticalPath, daemon: FaultedDaemon, id: string) {
  try {
    await path(daemon, id);
    return true;
  } catch (error) {
    if (error instanceof Refused) return false;
    throw error;
  }
}

/** Resolves when the daemon says that it is not ready, while the disk fails. */
async function untilSick(daemon: FaultedDaemon, injection: Injection): Promise<void> {
  await until('unreadiness', async () => {
    if (injection.injected.length === 0) return undefined;
    return (await daemon.readiness()) === '503 storage/storage_unavailable, 1' || undefined;
  });
}

/** Where something fails, it says at which point, and what the daemon said. */
async function told<T>(next: () => Promise<T>, fault: SyscallFault, daemon: FaultedDaemon) {
  try {
    return await next();
  } catch (error) {
    const said = daemon.log.split('\n').slice(-12).join('\n');
    throw new Error(`${JSON.stringify(fault)}: ${String(error)}\n${said}`, { cause: error });
  }
}

/** One fault at one point, then the same again without it. False where the path has no such point. */
async function trial(
  path: CriticalPath,
  daemon: FaultedDaemon,
  id: string,
  fault: SyscallFault,
): Promise<boolean> {
  const injection = await Injection.into(daemon.pid, fault);
  const first = comesToItsEnd(path, daemon, id);
  if (fault.lasting === true) await Promise.race([first, untilSick(daemon, injection)]);
  else await first;
  const injected = await injection.lift();
  const ended = await first;
  await daemon.ready();
  if (!ended) await path(daemon, id);
  if (injected.length === 0) expect(ended).toBe(true);
  return injected.length > 0;
}

describe(`CRASH_SEED=${seed}: where a system call of the disk fails`, () => {
  test.each(Object.keys(criticalPaths))(
    'the daemon refuses and recovers, and loses and doubles nothing: %s [holds faults.nothing_half]',
    { timeout: 1_800_000 },
    async (name) => {
      needStrace();
      const path = criticalPaths[name] as CriticalPath;
      using box = sandbox();
      await using agent = await startFakeAgent();
      await using daemon = await FaultedDaemon.start(box, agent);
      let points = 0;
      for (const [kind, fault] of faults.entries()) {
        let nth = STRIDE === 1 || fault.lasting === true ? 1 : 1 + ((seed + kind) % 5);
        const next = () => trial(path, daemon, `p${kind}-${nth}`, { ...fault, nth });
        while (await told(next, { ...fault, nth }, daemon)) {
          points += 1;
          nth += STRIDE;
        }
      }
      await daemon.expectWhole();
      await daemon.restart();
      await daemon.expectWhole();
      expect(points).toBeGreaterThan(0);
      console.log(`${name}: ${points} points`);
    },
  );

  test(
    'what was refused is there wholly or not at all after a kill, and the same key does it once',
    { timeout: 1_800_000 },
    async () => {
      needStrace();
      const path = criticalPaths['keep a large text'] as CriticalPath;
      using box = sandbox();
      await using agent = await startFakeAgent();
      await using daemon = await FaultedDaemon.start(box, agent);
      let points = 0;
      for (const [calls, between] of [
        [SYNCS, 4],
        [WRITES, 40],
      ] as const) {
        for (let nth = 1; ; nth += STRIDE === 1 ? 1 : between) {
          const fault: SyscallFault = { calls, error: 'EIO', nth, lasting: true };
          const injection = await Injection.into(daemon.pid, fault);
          const id = `k-${calls === SYNCS ? 's' : 'w'}${nth}`;
          const first = comesToItsEnd(path, daemon, id).catch(() => false);
          await Promise.race([first, untilSick(daemon, injection).catch(() => undefined)]);
          await daemon.restart();
          await first;
          const injected = await injection.lift();
          await path(daemon, id);
          if (injected.length === 0) break;
          points += 1;
        }
      }
      await daemon.expectWhole();
      expect(points).toBeGreaterThan(0);
      console.log(`killed: ${points} points`);
    },
  );
});
