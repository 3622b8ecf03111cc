import { KheishError } from '@kheish/core-model';

/** What went wrong on the wire, as an error of domain `egress`. `opened`: the request was already on its way. */
export function egressFailure(error: Error, origin: string, opened: boolean): KheishError {
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof KheishError) return cause;
  }
  const { code } = error as NodeJS.ErrnoException;
  const options = { cause: error };
  if (code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new KheishError('egress/timeout', `No connection to ${origin} in time.`, options);
  }
  const reason = code === undefined ? '' : ` (${code})`;
  return opened
    ? new KheishError(
        'egress/connection_lost',
        `The connection to ${origin} broke${reason}.`,
        options,
      )
    : new KheishError('egress/connect_failed', `No connection to ${origin}${reason}.`, options);
}
