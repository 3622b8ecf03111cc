import * as v from 'valibot';

export const RunStatus = v.picklist([
  'queued',
  'running',
  'completed',
  'failed',
  'interrupted',
  'cancelled',
]);
export type RunStatus = v.InferOutput<typeof RunStatus>;

/** From each status the statuses that may follow it. What is not listed cannot happen. */
export const runTransitions: Record<RunStatus, readonly RunStatus[]> = {
  queued: ['running', 'failed', 'cancelled'],
  running: ['completed', 'failed', 'interrupted', 'cancelled'],
  completed: [],
  failed: [],
  interrupted: [],
  cancelled: [],
};

export function isTerminal(status: RunStatus): boolean {
  return runTransitions[status].length === 0;
}

export function mayFollow(from: RunStatus, to: RunStatus): boolean {
  return runTransitions[from].includes(to);
}
