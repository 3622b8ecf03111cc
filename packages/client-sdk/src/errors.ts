/** Nothing answered at the daemon's address, or the connection was lost before the answer was whole. */
export class DaemonUnreachable extends Error {
  readonly baseUrl: string;
  /** True: no connection came about, so the daemon has not seen the request. */
  readonly refused: boolean;

  constructor(baseUrl: string, reason: string, refused: boolean, cause?: unknown) {
    super(`no answer from a daemon at ${baseUrl}: ${reason}`, { cause });
    this.name = 'DaemonUnreachable';
    this.baseUrl = baseUrl;
    this.refused = refused;
  }
}

/** The answer is not one that this client's version of the API knows. */
export class UnexpectedAnswer extends Error {
  /** HTTP status of the answer. */
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = 'UnexpectedAnswer';
    this.status = status;
  }
}

/** The whole answer did not come within the request's `timeoutMs`. */
export class RequestTimedOut extends Error {
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`the daemon did not answer within ${timeoutMs} ms`);
    this.name = 'RequestTimedOut';
    this.timeoutMs = timeoutMs;
  }
}

/** The run was not over within the `timeoutMs` of `runs.wait`; it goes on. */
export class WaitTimedOut extends Error {
  readonly runId: string;
  readonly timeoutMs: number;

  constructor(runId: string, timeoutMs: number) {
    super(`run ${runId} was not over within ${timeoutMs} ms; it goes on`);
    this.name = 'WaitTimedOut';
    this.runId = runId;
    this.timeoutMs = timeoutMs;
  }
}
