import { accessSync, constants, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { KheishError } from '@kheish/core-model';
import Database from 'better-sqlite3';
import { requireLocalFileSystem } from './local-file-system.ts';
import { makeDirectory } from './make-directory.ts';
import {
  isAlive,
  readHolder,
  removeHolder,
  startedTicks,
  writeHolder,
  type RootHolder,
} from './root-holder.ts';

/** Roots held by this process, where a POSIX lock would not keep us from ourselves. */
const heldHere = new Set<string>();

export interface RootLock {
  /** The root's real path. */
  readonly root: string;
  /** Tells others who holds the root. */
  announce(facts: { root_id?: string; address?: string }): void;
  release(): void;
}

function refusal(root: string, holder: RootHolder | undefined): KheishError {
  const who =
    holder === undefined
      ? 'another process'
      : `kheish ${holder.version}, pid ${holder.pid}${holder.address === undefined ? '' : `, at ${holder.address}`}`;
  return new KheishError(
    'storage/root_locked',
    `The state root ${root} is in use by ${who}. Stop it first, or choose another --state-root.`,
  );
}

function prepare(directory: string): string {
  try {
    makeDirectory(resolve(directory), 0o700);
    const root = realpathSync(directory);
    // Says why in words where SQLite would only say that it cannot open a file.
    accessSync(root, constants.W_OK);
    requireLocalFileSystem(root);
    return root;
  } catch (error) {
    if (error instanceof KheishError) throw error;
    throw new KheishError(
      'storage/root_unusable',
      `The state root ${directory} cannot be used: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/**
 * An EXCLUSIVE SQLite transaction on `daemon.lock`. It is a POSIX lock: the system frees it when the process
 * dies, and loses it silently when this process opens and closes the file in any other way. So nothing else
 * opens it, and a live holder named by `daemon.json` is believed even where the lock could be had.
 */
export function lockRoot(directory: string, version: string): RootLock {
  const root = prepare(directory);
  if (heldHere.has(root)) throw refusal(root, readHolder(root));
  let connection: Database.Database | undefined;
  try {
    connection = new Database(join(root, 'daemon.lock'), { timeout: 0 });
    connection.pragma('journal_mode = MEMORY');
    connection.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    connection?.close();
    const code = (error as { code?: string }).code ?? '';
    if (code.startsWith('SQLITE_BUSY')) throw refusal(root, readHolder(root));
    throw new KheishError(
      'storage/root_unusable',
      `The state root ${root} cannot be locked: ${(error as Error).message}`,
      { cause: error },
    );
  }
  const previous = readHolder(root);
  if (previous !== undefined && previous.pid !== process.pid && isAlive(previous)) {
    connection.close();
    throw refusal(root, previous);
  }
  heldHere.add(root);

  const ticks = startedTicks(process.pid);
  let holder: RootHolder = {
    pid: process.pid,
    ...(ticks !== undefined && { started_ticks: ticks }),
    version,
  };
  const announce = (facts: { root_id?: string; address?: string }) => {
    holder = { ...holder, ...facts };
    try {
      writeHolder(root, holder);
    } catch (error) {
      throw new KheishError(
        'storage/root_unusable',
        `The state root ${root} cannot be written: ${(error as Error).message}`,
        { cause: error },
      );
    }
  };
  const held = connection;
  const release = () => {
    if (!heldHere.delete(root)) return;
    try {
      removeHolder(root);
    } catch {
      // What is left names a process that does not live: nobody believes it.
    } finally {
      held.close();
    }
  };
  try {
    announce({});
  } catch (error) {
    release();
    throw error;
  }
  return { root, announce, release };
}
