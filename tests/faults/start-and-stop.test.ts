import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import type { FakeProvider } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { type Sandbox, launchDaemon, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes, startFakeAgent } from '../harness/fake-agent.ts';
import { startInProcess } from '../harness/in-process.ts';
import { crashSeed } from '../harness/seeded-chance.ts';
import { expectSound } from '../harness/soundness.ts';
import {
  FILES,
  SYNCS,
  type SyscallFault,
  WRITES,
  faulted,
  needStrace,
} from '../harness/syscall-faults.ts';
import { faultStride } from './fault-points.ts';

const STRIDE = faultStride(41);
const seed = crashSeed();

const faults: readonly Omit<SyscallFault, 'nth'>[] = [
  { calls: WRITES, error: 'ENOSPC' },
  { calls: SYNCS, error: 'EIO' },
  { calls: FILES, error: 'EIO' },
  { calls: `${WRITES},${SYNCS}`, error: 'EIO', lasting: true },
];

/** A whole life that suffers the fault: up to its start, or to its end. Gives the number of calls that failed. */
async function live(box: Sandbox, agent: FakeProvider, fault: SyscallFault): Promise<number> {
  const life = faulted(fault);
  const { child, ready } = launchDaemon({
    sandbox: box,
    routesFile: agentRoutes(box, agent),
    under: life.command,
    args: ['--drain-timeout-ms', '200'],
  });
  const daemon = await ready.catch((error: Error) => error);
  if (daemon instanceof Error) {
    // It has said why, in words for who started it.
    expect(daemon.message).toMatch(/storage|database|(state|workspace) root/i);
    expect(daemon.message).not.toMatch(/^\s+at .*\.(js|ts):/m);
    expect(child.signalCode).toBeNull();
  } else {
    const holder = readFileSync(join(box.stateRoot, 'daemon.json'), 'utf8');
    process.kill((JSON.parse(holder) as { pid: number }).pid, 'SIGTERM');
    expect([0, 7]).toContain(await daemon.ended());
  }
  return life.injected().length;
}

/** A root that was left by a kill in the middle of its work. */
async function killedRoot(box: Sandbox, agent: FakeProvider): Promise<void> {
  await using daemon = await startDaemon({ sandbox: box, routesFile: agentRoutes(box, agent) });
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 's' });
  const { run_id: runId } = await client.sessions.submit('s', 'one');
  await client.runs.wait(runId, { timeoutMs: 20_000 });
  await client.sessions.submit('s', 'two');
  await daemon.kill();
}

test.each([
  ['a new root', () => Promise.resolve()],
  ['a root that a kill left', killedRoot],
] as const)(
  `CRASH_SEED=${seed}: where a system call fails in a start or a stop, the next start finds all whole: %s [holds faults.start_and_stop]`,
  { timeout: 1_800_000 },
  async (name, prepare) => {
    needStrace();
    await using agent = await startFakeAgent();
    let points = 0;
    for (const [kind, fault] of faults.entries()) {
      const first = STRIDE === 1 || fault.lasting === true ? 1 : 1 + ((seed + kind) % 5);
      for (let nth = first; ; nth += STRIDE) {
        using box = sandbox();
        await prepare(box, agent);
        if ((await live(box, agent, { ...fault, nth })) === 0) break;
        points += 1;
        const routes = readFileSync(agentRoutes(box, agent), 'utf8');
        await using daemon = await startInProcess({ sandbox: box, routes });
        const client = createClient({ baseUrl: daemon.url });
        for await (const run of client.runs.list({})) {
          await client.runs.wait(run.run_id, { timeoutMs: 20_000 });
        }
        await expectSound(client);
      }
    }
    expect(points).toBeGreaterThan(0);
    console.log(`${name}: ${points} points`);
  },
);
