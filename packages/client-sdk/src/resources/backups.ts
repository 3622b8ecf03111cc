import type { BackupView, CreateBackupRequest } from '@kheish/core-model';
import { type CallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

/** Copies of the state root, in the directory that the daemon was started with. */
export interface Backups {
  /** Oldest first. */
  list(options?: ListOptions): Listing<BackupView>;
  get(backupId: string, options?: CallOptions): Promise<BackupView>;
  /** Begins one; what becomes of it `wait` tells. */
  create(asked?: CreateBackupRequest, options?: CallOptions): Promise<BackupView>;
  /** The backup once it is not running any more: `complete` or `failed`. */
  wait(backupId: string, options?: CallOptions): Promise<BackupView>;
}

/** Milliseconds between two looks at a backup that is being made. */
const LOOK_EACH_MS = 250;

export function backupsOf(transport: Transport): Backups {
  const get: Backups['get'] = (id, options) =>
    request(transport, 'getBackup', { ...options, path: { backup_id: id } });
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listBackups', { query, signal, timeoutMs }),
      ),
    get,
    create: (asked = {}, options) =>
      request(transport, 'createBackup', { ...options, body: asked }),
    wait: async (id, options = {}) => {
      for (;;) {
        const backup = await get(id, options);
        if (backup.state !== 'running') return backup;
        await transport.clock.sleep(LOOK_EACH_MS, options.signal);
      }
    },
  };
}
