import { type FileHandle, open, rename } from 'node:fs/promises';

export interface SinkSpec {
  /** Absolute; written anew. What is older stands in `<file>.1`. */
  readonly file: string;
  /** Bytes that both files together may take. */
  readonly maxBytes: number;
}

export interface SinkReport {
  /** How often the file became `<file>.1`, and what stood there was given up. */
  readonly rotations: number;
  /** Why the file has not all it should. */
  readonly failure?: string;
}

/** Keeps the newest output in files, where it outlives this process. */
export class FileSink {
  readonly #file: string;
  readonly #fileBytes: number;
  #handle: FileHandle | undefined;
  #size = 0;
  #rotations = 0;
  #failure: string | undefined;

  private constructor({ file, maxBytes }: SinkSpec, handle: FileHandle) {
    this.#file = file;
    this.#fileBytes = Math.max(1, Math.floor(maxBytes / 2));
    this.#handle = handle;
  }

  static async open(spec: SinkSpec): Promise<FileSink> {
    return new FileSink(spec, await open(spec.file, 'w', 0o600));
  }

  /** Never fails: output that cannot be written must not hold up the command. */
  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let from = 0; from < bytes.length && this.#handle !== undefined;) {
        if (this.#size >= this.#fileBytes) await this.#rotate();
        const part = bytes.subarray(from, from + this.#fileBytes - this.#size);
        const { bytesWritten } = await this.#handle.write(part);
        this.#size += bytesWritten;
        from += bytesWritten;
      }
    } catch (error) {
      this.#failure ??= (error as Error).message;
    }
  }

  async #rotate(): Promise<void> {
    await this.#handle?.close();
    this.#handle = undefined;
    await rename(this.#file, `${this.#file}.1`);
    this.#handle = await open(this.#file, 'w', 0o600);
    this.#size = 0;
    this.#rotations += 1;
  }

  get report(): SinkReport {
    return {
      rotations: this.#rotations,
      ...(this.#failure !== undefined && { failure: this.#failure }),
    };
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close();
  }
}
