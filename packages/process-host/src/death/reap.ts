import type { Clock, ProcessIdentity } from '@kheish/core-model';
import { type Cohort, signal } from './cohort.ts';
import { type Death, endCohort } from './end-cohort.ts';
import { findKin } from './group-cohort.ts';
import { bootId, livingLeader } from './identity.ts';

export interface Reaped extends Death {
  /** Whether anything of it lived. */
  readonly found: boolean;
}

/**
 * Kills what an earlier daemon left of a command. Who may be a stranger, by a number that has come round, is left
 * alone and named.
 */
export async function reap(identity: ProcessIdentity, mark: string, clock: Clock): Promise<Reaped> {
  const boot = bootId();
  if (boot === undefined) return { found: false, death: 'unproven' };
  if (boot !== identity.boot_id) return { found: false, death: 'proven' };
  const kin = () => findKin(identity, mark);
  const survivors: Cohort = {
    provable: true,
    terminate: () => Promise.resolve(),
    kill: async () => {
      if (livingLeader(identity) !== undefined) signal(-identity.pid, 'SIGKILL');
      for (const { pid } of (await kin()).ours) signal(pid, 'SIGKILL');
    },
    living: async () => (await kin()).ours.map(({ pid }) => pid),
  };
  const found = (await survivors.living()).length > 0;
  const end = await endCohort(survivors, clock, 0);
  const doubtful = (await kin()).doubtful.map(({ pid }) => pid);
  if (doubtful.length === 0) return { found, ...end };
  const remaining_pids = [...(end.remaining_pids ?? []), ...doubtful];
  return { found, death: 'unproven', remaining_pids };
}
