import * as v from 'valibot';

export const RunStatus = v.picklist([
  'queued',
  'running',
  'waiting_for_approval',
  'waiting_for_user_question',
  'completed',
  'failed',
  'interrupted',
  'cancelled',
]);
export type RunStatus = v.InferOutput<typeof RunStatus>;

/** From each status the statuses that may follow it. What is not listed cannot happen. */
export const runTransitions: Record<RunStatus, readonly RunStatus[]> = {
  queued: ['running', 'failed', 'cancelled'],
  running: [
    'waiting_for_approval',
    'waiting_for_user_question',
    'completed',
    'failed',
    'interrupted',
    'cancelled',
  ],
  waiting_for_approval: ['running', 'failed', 'interrupted', 'cancelled'],
  waiting_for_user_question: ['running', 'failed', 'interrupted', 'cancelled'],
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

/** The run waits for a person, and nothing of it is under way. */
export function isWaiting(status: RunStatus): boolean {
  return status === 'waiting_for_approval' || status === 'waiting_for_user_question';
}
