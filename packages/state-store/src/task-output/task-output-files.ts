import { closeSync, fstatSync, openSync, readSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { SinkPlace } from '@kheish/core-model';
import { makeDirectory } from '../root/make-directory.ts';
import { storageError } from '../root/storage-error.ts';

/** Each of the two files that a command's output is kept in: `<task>.out`, and what is older in `<task>.out.1`. */
const FILE_BYTES = 1_048_576;

/** A part of what was printed; positions are bytes from the first that was printed. */
export interface OutputPart {
  readonly bytes: Buffer;
  readonly from: number;
  /** All that is there. */
  readonly kept: OutputRange;
  /** How often older output was given up, as far as one can tell. */
  readonly rotations: number;
}

/** What is there of it: `from` on, up to `until`. */
export interface OutputRange {
  readonly from: number;
  readonly until: number;
}

/**
 * The output of commands that run in the background, on disk while they do. A sink writes it; when a command has ended
 * its output goes into the journal and the files go.
 */
export class TaskOutputFiles {
  readonly #directory: string;

  constructor(root: string) {
    this.#directory = join(root, 'tasks');
  }

  /** Where a sink is to keep the output of the task. */
  place(taskId: string): SinkPlace {
    try {
      makeDirectory(this.#directory, 0o700);
    } catch (error) {
      throw storageError(error, 'The directory for output cannot be made');
    }
    return { file: this.fileOf(taskId), maxBytes: 2 * FILE_BYTES };
  }

  fileOf(taskId: string): string {
    return join(this.#directory, `${taskId}.out`);
  }

  /**
   * Reads what `choose` wants of what is there. `total`: the bytes printed so far, of which the last may not have come to
   * the files yet; without it what is there counts as all. At one go, so that the files are not exchanged meanwhile.
   */
  read(
    taskId: string,
    total: number | undefined,
    choose: (kept: OutputRange) => OutputRange,
  ): OutputPart {
    const file = this.fileOf(taskId);
    using older = new OpenFile(`${file}.1`);
    using newer = new OpenFile(file);
    const size = older.size + newer.size;
    // A file is exchanged when it is full, so what was given up are whole files.
    const exchanged =
      total === undefined || older.size === 0
        ? older.size
        : Math.floor((total - newer.size) / FILE_BYTES) * FILE_BYTES;
    const until = exchanged + newer.size;
    const kept = { from: until - size, until };
    const wanted = choose(kept);
    const from = Math.min(Math.max(wanted.from, kept.from), until);
    const end = Math.min(Math.max(wanted.until, from), until);
    const [first, last] = [from - kept.from, end - kept.from];
    const bytes = Buffer.concat([
      older.part(first, Math.min(last, older.size)),
      newer.part(Math.max(first - older.size, 0), last - older.size),
    ]);
    return { bytes, from, kept, rotations: Math.floor(exchanged / FILE_BYTES) };
  }

  remove(taskId: string): void {
    const file = this.fileOf(taskId);
    for (const name of [file, `${file}.1`]) rmSync(name, { force: true });
  }

  /** Removes the files of all other tasks: left by a kill. */
  sweep(keep: (taskId: string) => boolean): void {
    let names: string[];
    try {
      names = readdirSync(this.#directory);
    } catch {
      return;
    }
    for (const name of names) {
      const taskId = /^(.+)\.out(\.1)?$/.exec(name)?.[1];
      if (taskId === undefined || !keep(taskId))
        rmSync(join(this.#directory, name), { force: true });
    }
  }
}

/** A file as large as it is now; one that is not there is empty. */
class OpenFile implements Disposable {
  readonly size: number;
  readonly #descriptor: number | undefined;

  constructor(path: string) {
    try {
      this.#descriptor = openSync(path, 'r');
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') throw storageError(error, 'Output of a command cannot be read');
    }
    this.size = this.#descriptor === undefined ? 0 : fstatSync(this.#descriptor).size;
  }

  part(from: number, until: number): Buffer {
    if (this.#descriptor === undefined || until <= from) return Buffer.alloc(0);
    const bytes = Buffer.alloc(until - from);
    let length = 0;
    for (let read = -1; read !== 0 && length < bytes.length; length += read) {
      read = readSync(this.#descriptor, bytes, length, bytes.length - length, from + length);
    }
    return bytes.subarray(0, length);
  }

  [Symbol.dispose](): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }
}
