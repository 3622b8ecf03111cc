import type { ProcessIdentity } from '@kheish/core-model';
import { type Cohort, signal } from './cohort.ts';
import { descendants } from './descendants.ts';
import { livingLeader } from './identity.ts';
import { type ProcessEntry, livingProcesses, startedWith } from './process-table.ts';

/** The variable that tells whose a process is, also when it has left group and parent. */
export const MARK = 'KHEISH_ACTION';

export interface Kin {
  /** Ours beyond doubt. */
  readonly ours: readonly ProcessEntry[];
  /** In a group of that number whose leader is gone: ours, unless the number has come round. */
  readonly doubtful: readonly ProcessEntry[];
}

/** Who descends from the leader, is in its group, or carries the mark. Nothing is older than the leader. */
export async function findKin(leader: ProcessIdentity, mark: string): Promise<Kin> {
  const since = Number(leader.start_ticks);
  const all = (await livingProcesses()).filter(
    ({ pid, startTicks }) => startTicks >= since && pid !== process.pid,
  );
  const alive = livingLeader(leader);
  const inGroup = all.filter(({ group }) => group === leader.pid);
  const roots = all.filter(({ pid }) => startedWith(pid, MARK, mark));
  if (alive !== undefined) roots.push(alive, ...inGroup);
  const ours = descendants(all, roots);
  const reused = all.some(({ pid }) => pid === leader.pid) && alive === undefined;
  const known = new Set(ours.map(({ pid }) => pid));
  const doubtful = reused ? [] : inGroup.filter(({ pid }) => !known.has(pid));
  return { ours, doubtful };
}

/**
 * A process group and what has left it, as far as it can be found: a process that leaves its group, its parent and its
 * environment behind is not seen. To be used from the start of the leader on, so that its number cannot have come
 * round unnoticed.
 */
export function groupCohort(leader: ProcessIdentity, mark: string): Cohort {
  const find = async () => {
    const { ours, doubtful } = await findKin(leader, mark);
    return [...ours, ...doubtful];
  };
  const send = async (name: 'SIGTERM' | 'SIGKILL') => {
    const kin = await find();
    // The whole group in one call, so that nobody forks away from it.
    if (kin.some(({ group }) => group === leader.pid)) signal(-leader.pid, name);
    for (const { pid, group } of kin) if (group !== leader.pid) signal(pid, name);
  };
  return {
    provable: true,
    terminate: () => send('SIGTERM'),
    kill: () => send('SIGKILL'),
    living: async () => (await find()).map(({ pid }) => pid),
  };
}

/** Where the system has no /proc: the group alone, and no proof. */
export function bareGroupCohort(leader: number): Cohort {
  const send = (name: 'SIGTERM' | 'SIGKILL') => {
    signal(-leader, name);
    return Promise.resolve();
  };
  return {
    provable: false,
    terminate: () => send('SIGTERM'),
    kill: () => send('SIGKILL'),
    living: () => Promise.resolve(groupExists(leader) ? [leader] : []),
  };
}

function groupExists(leader: number): boolean {
  try {
    return process.kill(-leader, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
