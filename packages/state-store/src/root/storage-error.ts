import { KheishError } from '@kheish/core-model';

/** Milliseconds after which it is worth asking a store again that could not answer. */
const RETRY_AFTER_MS = 1_000;

function sqliteCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined;
}

/** After these SQLite may have rolled back the whole group; a broken constraint undoes one member only. */
export function concernsTheGroup(error: unknown): boolean {
  return sqliteCode(error)?.startsWith('SQLITE_CONSTRAINT') === false;
}

/** An error of SQLite or of the file system as one of ours; the code decides which. */
export function storageError(error: unknown, what: string): KheishError {
  if (error instanceof KheishError) return error;
  const code = sqliteCode(error);
  const detail = `${what}: ${(error as Error).message}`;
  if (code?.startsWith('SQLITE_CORRUPT') || code?.startsWith('SQLITE_NOTADB')) {
    return new KheishError(
      'storage/corrupt',
      `${detail}. Stop the daemon and restore its state root from a backup.`,
      { cause: error },
    );
  }
  return new KheishError('storage/storage_unavailable', detail, {
    cause: error,
    retryAfterMs: RETRY_AFTER_MS,
  });
}

export function readError(error: unknown): unknown {
  return sqliteCode(error) === undefined ? error : storageError(error, 'The store cannot be read');
}
