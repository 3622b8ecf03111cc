/** All processes that one command has brought into being. */
export interface Cohort {
  /** Asks each to end. */
  terminate(): Promise<void>;
  /** Leaves none a choice. Who is born meanwhile may need another call. */
  kill(): Promise<void>;
  /** Those that live. */
  living(): Promise<number[]>;
  /** Whether none living means none there. */
  readonly provable: boolean;
}

/** False where the process is gone, or not ours to end. */
export function signal(pid: number, name: 'SIGTERM' | 'SIGKILL'): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}
