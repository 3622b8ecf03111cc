import type { RunStatus } from '@kheish/client-sdk';

/** Every way in which a command can end. */
export const exitCodes = {
  done: 0,
  failure: 1,
  usage: 2,
  unreachable: 3,
  denied: 4,
  notFound: 5,
  conflict: 6,
  tryLater: 7,
  unexpectedAnswer: 8,
  // Of commands that wait for a run.
  runFailed: 10,
  runCancelled: 11,
  runInterrupted: 12,
  runAwaitsApproval: 13,
  runAwaitsAnswer: 14,
  waitTimedOut: 15,
} as const;

const byStatus: Readonly<Record<number, number>> = {
  400: exitCodes.usage,
  401: exitCodes.denied,
  403: exitCodes.denied,
  404: exitCodes.notFound,
  408: exitCodes.tryLater,
  409: exitCodes.conflict,
  413: exitCodes.usage,
  429: exitCodes.tryLater,
  503: exitCodes.tryLater,
  504: exitCodes.tryLater,
};

export function exitCodeOfStatus(status: number): number {
  return byStatus[status] ?? exitCodes.failure;
}

const byOutcome: Readonly<Record<RunStatus, number>> = {
  queued: exitCodes.done,
  running: exitCodes.done,
  waiting_for_approval: exitCodes.runAwaitsApproval,
  waiting_for_user_question: exitCodes.runAwaitsAnswer,
  completed: exitCodes.done,
  failed: exitCodes.runFailed,
  cancelled: exitCodes.runCancelled,
  interrupted: exitCodes.runInterrupted,
};

export function exitCodeOfRun(status: RunStatus): number {
  return byOutcome[status];
}
