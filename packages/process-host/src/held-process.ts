import type { ProcessIdentity } from '@kheish/core-model';
import { type ProcessParts, type RunningProcess, oversee } from './running-process.ts';

/** A command that exists as a process and has not begun. */
export interface HeldProcess {
  /** Absent where the system cannot tell a process from a later one of its number. */
  readonly identity?: ProcessIdentity;
  /** Lets the command begin. Once. */
  release(): RunningProcess;
  /** The command never begins. Resolves when its process is dead. */
  drop(): Promise<void>;
}

export function holdBack(
  parts: ProcessParts,
  identity: ProcessIdentity | undefined,
  timeoutMs: number | undefined,
  onRelease: (running: RunningProcess) => void,
): HeldProcess {
  let spent = false;
  const spend = () => {
    if (spent) throw new Error('the command was released or dropped before');
    spent = true;
  };
  return {
    ...(identity !== undefined && { identity }),
    release: () => {
      spend();
      const running = oversee(parts, timeoutMs);
      onRelease(running);
      parts.process.open();
      return running;
    },
    drop: async () => {
      spend();
      parts.process.abandon();
      await parts.cohort.kill();
      await oversee(parts, undefined).exit;
    },
  };
}
