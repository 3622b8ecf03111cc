import { exitCodeOfStatus, exitCodes } from './exit-codes.ts';

/** The command line cannot mean anything; nothing was done. */
export class UsageError extends Error {}

/** What the command names is not among what the daemon listed. */
export class NotFound extends Error {}

export interface Failure {
  readonly message: string;
  readonly exitCode: number;
}

/** What a person is told about anything that was thrown, and the exit code. */
export async function failureOf(thrown: unknown): Promise<Failure> {
  if (thrown instanceof UsageError) return { message: thrown.message, exitCode: exitCodes.usage };
  if (thrown instanceof NotFound) return { message: thrown.message, exitCode: exitCodes.notFound };
  const sdk = await import('@kheish/client-sdk');
  if (thrown instanceof sdk.KheishError) {
    const { status, code, message } = thrown;
    const text = sdk.isReportedByDaemon(thrown)
      ? `daemon returned ${status} (${code}): ${message}`
      : message;
    // Nothing is served from what is damaged, but trying later would not mend it.
    const damaged = code === 'storage/corrupt';
    return { message: text, exitCode: damaged ? exitCodes.failure : exitCodeOfStatus(status) };
  }
  if (thrown instanceof sdk.DaemonUnreachable) {
    return { message: thrown.message, exitCode: exitCodes.unreachable };
  }
  if (thrown instanceof sdk.WaitTimedOut) {
    return { message: thrown.message, exitCode: exitCodes.waitTimedOut };
  }
  if (thrown instanceof sdk.RequestTimedOut) {
    return { message: thrown.message, exitCode: exitCodes.tryLater };
  }
  if (thrown instanceof sdk.UnexpectedAnswer) {
    const known = thrown.status >= 400;
    const exitCode = known ? exitCodeOfStatus(thrown.status) : exitCodes.unexpectedAnswer;
    return { message: thrown.message, exitCode };
  }
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return { message, exitCode: exitCodes.failure };
}
