import type { Cohort } from './cohort.ts';
import { signal } from './cohort.ts';
import { descendants } from './descendants.ts';
import { type ProcessEntry, livingProcess, livingProcesses } from './process-table.ts';

/**
 * The processes of a PID namespace. Who is orphaned in it becomes a child of its first process, so none leaves that
 * one's tree; and when it ends, the kernel kills the others and waits for them before it lets it go.
 */
export function namespaceCohort(first: ProcessEntry): Cohort {
  const firstLives = () => livingProcess(first.pid)?.startTicks === first.startTicks;
  return {
    provable: true,
    terminate: async () => {
      if (!firstLives()) return;
      const inside = descendants(await livingProcesses(), [first]);
      for (const { pid } of inside) if (pid !== first.pid) signal(pid, 'SIGTERM');
    },
    kill: () => {
      if (firstLives()) signal(first.pid, 'SIGKILL');
      return Promise.resolve();
    },
    living: () => Promise.resolve(firstLives() ? [first.pid] : []),
  };
}
