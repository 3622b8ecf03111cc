import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Worker } from 'node:worker_threads';
import { type BackupManifest, KheishError, auditCheckpointOf } from '@kheish/core-model';
import { makeDirectory } from '../root/make-directory.ts';
import { idOfPartial, partialName } from './backup-layout.ts';
import type { CopiedRoot, CopyOrder } from './copy-root.ts';
import type { CopyAnswer } from './copy-worker.ts';
import { syncDirectory } from './durable-files.ts';
import { writeManifest } from './manifest.ts';

export interface BackupRequest {
  /** Made where it is missing; the backup becomes a directory in it, named by its id. */
  readonly directory: string;
  readonly backupId: string;
  readonly createdAtMs: number;
  readonly withoutSigningKey?: boolean;
  /** Gives up, and leaves nothing. */
  readonly signal?: AbortSignal;
}

export interface BackupSource {
  readonly root: string;
  readonly rootId: string;
  readonly version: string;
  /** A daemon commits to the root meanwhile. */
  readonly live: boolean;
}

type Copy = (order: CopyOrder, signal?: AbortSignal) => Promise<CopiedRoot>;

/**
 * Copies a root that this process holds. The directory bears its name only once all of it is on disk. Throws
 * `backups/backup_failed`, and then nothing of it is left.
 */
export async function createBackup(
  source: BackupSource,
  request: BackupRequest,
  copy: Copy = copyInThread,
): Promise<BackupManifest> {
  const { backupId, createdAtMs, withoutSigningKey = false, signal } = request;
  const directory = resolve(request.directory);
  const complete = join(directory, backupId);
  let target = join(directory, partialName(backupId, source.rootId));
  try {
    makeDirectory(directory, 0o700);
    clearLeftovers(directory, source.rootId);
    mkdirSync(target, { mode: 0o700 });
    signal?.throwIfAborted();
    const { root, live } = source;
    const copied = await copy({ root, target, withSigningKey: !withoutSigningKey, live }, signal);
    if (copied.rootId !== source.rootId) throw new Error('the copy is of another root');
    const { hasSigningKey, files } = copied;
    const manifest = writeManifest(target, {
      backup_id: backupId,
      created_at_ms: createdAtMs,
      program_version: source.version,
      root_id: copied.rootId,
      schema_version: copied.schemaVersion,
      head_seq: copied.headSeq,
      signing_key: hasSigningKey ? (withoutSigningKey ? 'left_out' : 'included') : 'absent',
      ...(copied.ledger && { ledger: ledgerFacts(copied.ledger) }),
      master_key_ids: [...copied.masterKeyIds],
      files: [...files].toSorted((a, b) => (a.path < b.path ? -1 : 1)),
    });
    renameSync(target, complete);
    target = complete;
    syncDirectory(directory);
    return manifest;
  } catch (error) {
    if (existsSync(dirname(target))) rmSync(target, { recursive: true, force: true });
    throw new KheishError(
      'backups/backup_failed',
      `The backup could not be made in ${directory}: ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** A checkpoint that is not one any more is left out: verify finds it. */
function ledgerFacts({ entryCount, checkpoint }: NonNullable<CopiedRoot['ledger']>) {
  const signed = checkpoint && auditCheckpointOf(checkpoint.body, checkpoint.signature);
  return { entry_count: entryCount, ...(signed && { checkpoint: signed }) };
}

/** What a kill left of earlier backups of this root. Whoever holds the root makes one at a time. */
function clearLeftovers(directory: string, rootId: string): void {
  for (const name of readdirSync(directory)) {
    if (idOfPartial(name)?.rootId !== rootId) continue;
    rmSync(join(directory, name), { recursive: true, force: true });
  }
}

/** The file beside this one: a source while the sources run, else what was built of it. */
const worker = new URL(
  import.meta.url.endsWith('.ts') ? './copy-worker.ts' : './copy-worker.js',
  import.meta.url,
);

function copyInThread(order: CopyOrder, signal?: AbortSignal): Promise<CopiedRoot> {
  return new Promise((resolveCopy, reject) => {
    const thread = new Worker(worker, { workerData: order });
    const stop = () => void thread.terminate();
    signal?.addEventListener('abort', stop, { once: true });
    let answer: CopyAnswer | undefined;
    thread.once('message', (message: CopyAnswer) => (answer = message));
    thread.once('error', reject);
    thread.once('exit', () => {
      signal?.removeEventListener('abort', stop);
      if (answer === undefined) reject(new Error('it was given up'));
      else if ('copied' in answer) resolveCopy(answer.copied);
      else reject(new Error(answer.failed.message));
    });
  });
}

/** Bytes of all the files that the manifest names. */
export function bytesOf({ files }: BackupManifest): number {
  return files.reduce((sum, { bytes }) => sum + bytes, 0);
}
