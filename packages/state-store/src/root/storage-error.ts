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

/** SQLite has seen that what is on the disk is not what it wrote. */
export function isDamage(error: unknown): boolean {
  const code = sqliteCode(error);
  return code?.startsWith('SQLITE_CORRUPT') === true || code?.startsWith('SQLITE_NOTADB') === true;
}

/** An error of SQLite or of the file system as one of ours; the code decides which. */
export function storageError(error: unknown, what: string): KheishError {
  if (error instanceof KheishError) return error;
  if (isDamage(error)) return corrupt(what, error);
  const detail = `${what}: ${(error as Error).message}`;
  return new KheishError('storage/storage_unavailable', detail, {
    cause: error,
    retryAfterMs: RETRY_AFTER_MS,
  });
}

export function readError(error: unknown): unknown {
  return sqliteCode(error) === undefined ? error : storageError(error, 'The store cannot be read');
}

/** What a row keeps as text. The schema says that it is one; a damaged page may say otherwise. */
export function storedText(text: unknown): string {
  if (typeof text === 'string') return text;
  throw corrupt('A row is not what was written', new Error('a text is missing'));
}

/** What a row keeps as JSON. */
export function storedJson(text: unknown): unknown {
  try {
    return JSON.parse(storedText(text));
  } catch (error) {
    if (error instanceof KheishError) throw error;
    throw corrupt('A row is not what was written', error);
  }
}

function corrupt(what: string, cause: unknown): KheishError {
  return new KheishError(
    'storage/corrupt',
    `${what}: ${(cause as Error).message}. Stop the daemon and restore its state root from a backup.`,
    { cause },
  );
}
