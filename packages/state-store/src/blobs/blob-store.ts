import { createHash } from 'node:crypto';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Body,
  type Digest,
  INLINE_BODY_BYTES,
  KheishError,
  type ReachCrashPoint,
  isBlobRef,
} from '@kheish/core-model';
import type { StoreRedactor } from '../commit/redaction.ts';
import type { Connection } from '../root/connection.ts';
import { makeDirectory } from '../root/make-directory.ts';
import { storageError } from '../root/storage-error.ts';

/** Blobs from this size on are files in `assets/`; smaller ones are rows. */
export const FILE_BLOB_BYTES = 65_536;

/** A blob to be written by the commit whose events refer to it. `data` null: its file is on disk already. */
export interface BlobRow {
  readonly digest: Digest;
  readonly sessionId: string;
  readonly bytes: number;
  readonly data: Uint8Array | null;
}

export interface PreparedBody {
  readonly body: Body;
  readonly blobs: readonly BlobRow[];
}

/** Texts that are too long to stand in an event. */
export class BlobStore {
  readonly #directory: string;
  readonly #redactor: StoreRedactor;
  readonly #reach: ReachCrashPoint | undefined;
  readonly #find;
  readonly #inUse;
  /** Files whose commit may still be under way, with the number of those commits. */
  readonly #awaited = new Map<string, number>();
  readonly #writing = new Map<string, Promise<void>>();
  #holders = 0;

  constructor(
    root: string,
    { prepareRead: prepare }: Connection,
    redactor: StoreRedactor,
    reach?: ReachCrashPoint,
  ) {
    this.#redactor = redactor;
    this.#reach = reach;
    this.#directory = join(root, 'assets');
    this.#find = prepare<[string, string], { data: Buffer | null }>(
      'SELECT data FROM blobs WHERE digest = ? AND session_id = ?',
    );
    this.#inUse = prepare<[string], { one: number }>(
      'SELECT 1 one FROM blobs WHERE digest = ? AND data IS NULL LIMIT 1',
    );
  }

  /**
   * The text as an event may carry it, without known secrets; up to `inlineBytes` it stands in the event itself. A large one is a durable file
   * when this resolves.
   */
  async prepare(
    sessionId: string,
    given: string,
    inlineBytes = INLINE_BODY_BYTES,
  ): Promise<PreparedBody> {
    const text = this.#redactor.redact(given);
    const bytes = Buffer.byteLength(text);
    if (bytes <= inlineBytes) return { body: text, blobs: [] };
    const data = Buffer.from(text);
    const digest: Digest = `sha256:${createHash('sha256').update(data).digest('hex')}`;
    const isFile = bytes >= FILE_BLOB_BYTES;
    if (isFile) await this.#keepFile(digest, data);
    return {
      body: { blob: digest, bytes },
      blobs: [{ digest, sessionId, bytes, data: isFile ? null : data }],
    };
  }

  /** The text of a body in full; of an erased one the empty string. */
  async text(sessionId: string, body: Body): Promise<string> {
    if (typeof body === 'string') return body;
    if (!isBlobRef(body)) return '';
    const row = this.#find.get(body.blob, sessionId);
    if (row === undefined) throw missing(body.blob);
    if (row.data !== null) return row.data.toString();
    return (await this.readFile(body.blob)).toString();
  }

  readFile(digest: string): Promise<Buffer> {
    return readFile(this.#fileOf(digest)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw missing(digest, error);
      throw storageError(error, 'A large text cannot be read');
    });
  }

  /** Whether the file of this digest belongs to a committed text. */
  isFileInUse(digest: string): boolean {
    return this.#inUse.get(digest) !== undefined;
  }

  /** The commits that brought these are settled: from now on only their rows keep the files. */
  release(rows: readonly BlobRow[]): void {
    for (const { digest, data } of rows) if (data === null) this.#release(digest);
  }

  /** Until it is disposed no file is deleted: someone reads what a snapshot of the tables names. */
  holdFiles(): Disposable {
    this.#holders += 1;
    return { [Symbol.dispose]: () => (this.#holders -= 1) };
  }

  /** False while deleted files are kept for a reader. */
  get mayDelete(): boolean {
    return this.#holders === 0;
  }

  /** Deletes files that no row names: left by a kill before their commit, by a refusal, or by an erasure. */
  sweep(): number {
    if (!existsSync(this.#directory)) return 0;
    const stale = readdirSync(this.#directory).filter((name) => {
      const hex = /^([0-9a-f]{64})(\.part)?$/.exec(name)?.[1];
      if (hex === undefined || this.#awaited.has(`sha256:${hex}`)) return false;
      return name !== hex || !this.isFileInUse(`sha256:${hex}`);
    });
    for (const name of stale) rmSync(join(this.#directory, name), { force: true });
    return stale.length;
  }

  #fileOf(digest: string): string {
    return join(this.#directory, digest.slice('sha256:'.length));
  }

  /** Keeps the file from being swept until `release`. Callers with the same text share one write. */
  async #keepFile(digest: Digest, data: Buffer): Promise<void> {
    this.#awaited.set(digest, (this.#awaited.get(digest) ?? 0) + 1);
    let writing = this.#writing.get(digest);
    if (writing === undefined) {
      writing = this.#writeFile(digest, data).finally(() => this.#writing.delete(digest));
      this.#writing.set(digest, writing);
    }
    try {
      await writing;
    } catch (error) {
      this.#release(digest);
      throw error;
    }
  }

  #release(digest: string): void {
    const count = this.#awaited.get(digest) ?? 0;
    if (count > 1) this.#awaited.set(digest, count - 1);
    else this.#awaited.delete(digest);
  }

  async #writeFile(digest: Digest, data: Buffer): Promise<void> {
    const file = this.#fileOf(digest);
    const temporary = `${file}.part`;
    try {
      if (!existsSync(file)) {
        makeDirectory(this.#directory, 0o700);
        const handle = await open(temporary, 'w', 0o600);
        try {
          await handle.writeFile(data);
          await handle.sync();
        } finally {
          await handle.close();
        }
        this.#reach?.('blob.written');
        await rename(temporary, file);
      }
      // Also for a file that is there: who wrote it may have failed at this very step.
      const directory = await open(this.#directory, 'r');
      try {
        await directory.sync();
      } finally {
        await directory.close();
      }
      this.#reach?.('blob.kept');
    } catch (error) {
      throw storageError(error, 'A large text could not be stored');
    }
  }
}

function missing(digest: string, cause?: unknown): KheishError {
  return new KheishError('storage/corrupt', `The text ${digest} is not in the store any more.`, {
    cause,
  });
}
