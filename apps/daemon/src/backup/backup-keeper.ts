import { realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type BackupView,
  type Clock,
  type CreateBackupRequest,
  KheishError,
  type NewId,
  toKheishError,
} from '@kheish/core-model';
import {
  type Store,
  findBackup,
  listBackups,
  makeDirectory,
  viewOfBackup,
} from '@kheish/state-store';
import type { DaemonLog } from '../lifecycle/daemon-options.ts';

export interface BackupKeeperOptions {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: DaemonLog;
  /** Signs what the ledger is now, so that the backup has that. */
  readonly checkpoint: () => Promise<unknown>;
  /** As `openBackupDirectory` gave it; undefined: the daemon was started without one. */
  readonly directory: string | undefined;
}

/** The backups that a daemon makes, one at a time, into the directory that it was started with. */
export class BackupKeeper {
  readonly #options: BackupKeeperOptions;
  /** The last one that this daemon began, unless it is complete. */
  #last: BackupView | undefined;
  #running: { readonly ended: Promise<void>; readonly stop: AbortController } | undefined;

  constructor(options: BackupKeeperOptions) {
    this.#options = options;
  }

  /** Where they are. */
  get directory(): string | undefined {
    return this.#options.directory;
  }

  /** Throws `backups/not_configured` or `backups/backup_running`. What becomes of it `get` tells. */
  create({ without_signing_key = false }: CreateBackupRequest): BackupView {
    const { store, clock, newId } = this.#options;
    const directory = this.#configured();
    if (this.#running !== undefined) {
      throw new KheishError(
        'backups/backup_running',
        `The backup ${this.#last?.backup_id} is being made. Wait for it, then begin the next.`,
      );
    }
    const backupId = newId('backup');
    const createdAtMs = clock.now();
    const view = {
      backup_id: backupId,
      state: 'running',
      path: join(directory, backupId),
      created_at_ms: createdAtMs,
      root_id: store.root.rootId,
    } as const;
    this.#last = view;
    const stop = new AbortController();
    const request = {
      directory,
      backupId,
      createdAtMs,
      withoutSigningKey: without_signing_key,
      signal: stop.signal,
    };
    this.#running = { ended: this.#make(view, request), stop };
    return view;
  }

  async #make(view: BackupView, request: Parameters<Store['backup']>[0]): Promise<void> {
    const { store, log, checkpoint } = this.#options;
    try {
      // A ledger that takes nothing is worth a backup above all.
      await checkpoint().catch(() => undefined);
      const manifest = await store.backup(request);
      const { file_count, bytes } = viewOfBackup(manifest, view.path);
      log.info({ backup_id: view.backup_id, file_count, bytes }, 'backup complete');
      this.#last = undefined;
    } catch (error) {
      log.error({ err: error, backup_id: view.backup_id }, 'backup failed');
      this.#last = { ...view, state: 'failed', detail: toKheishError(error).message };
    } finally {
      this.#running = undefined;
    }
  }

  /** Oldest first. */
  list(): BackupView[] {
    const last = this.#last;
    const others = listBackups(this.#configured()).filter(
      (backup) => backup.backup_id !== last?.backup_id,
    );
    return last === undefined ? others : [...others, last];
  }

  /** Throws `backups/backup_not_found`. */
  get(backupId: string): BackupView {
    const directory = this.#configured();
    const found = this.#last?.backup_id === backupId ? this.#last : findBackup(directory, backupId);
    if (found !== undefined) return found;
    throw new KheishError('backups/backup_not_found', `There is no backup ${backupId}.`);
  }

  /** Gives up what is being made. */
  async close(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.ended;
  }

  #configured(): string {
    const { directory } = this.#options;
    if (directory !== undefined) return directory;
    throw new KheishError(
      'backups/not_configured',
      'The daemon was started without --backup-dir (KHEISH_BACKUP_DIR), so it has nowhere to put backups.',
    );
  }
}

/** The real path of the directory for backups, which is made where it is missing. */
export function openBackupDirectory(directory: string): string {
  try {
    makeDirectory(resolve(directory), 0o700);
    return realpathSync(directory);
  } catch (error) {
    throw new KheishError(
      'config/invalid_configuration',
      `The backup directory ${directory} cannot be used; choose another --backup-dir: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
