import type { Connection } from '../root/connection.ts';
import { emptyLog, settleDown } from '../root/open-database.ts';
import type { BlobStore } from './blob-store.ts';

/**
 * What an erasure leaves outside the tables: files in `assets/`, and old pages in the write-ahead log.
 * The database itself overwrites what is deleted (`secure_delete`).
 */
export class ErasedRemains {
  readonly #connection: Connection;
  readonly #blobs: BlobStore;
  #left = false;

  constructor(connection: Connection, blobs: BlobStore) {
    this.#connection = connection;
    this.#blobs = blobs;
  }

  /** Removes them now; what a reader or the disk keeps from being removed is left for `retry`. */
  clear(): void {
    this.#left = true;
    if (!this.#blobs.mayDelete) return;
    try {
      this.#blobs.sweep();
      this.#left = !this.#emptyLog();
    } catch {
      // The erasure is committed. Its remains are tried again, at the next start at the latest.
    }
  }

  retry(): void {
    if (this.#left && this.#connection.db.open) this.clear();
  }

  /** False while another connection reads from the log. Waits for nobody: that reader may be in this process. */
  #emptyLog(): boolean {
    const { db } = this.#connection;
    db.pragma('busy_timeout = 0');
    try {
      return emptyLog(db);
    } finally {
      settleDown(db);
    }
  }
}
