import { closeSync, openSync, read } from 'node:fs';
import { promisify } from 'node:util';

const readBytes = promisify(read);

/** A file open for reading. */
export interface OpenFile extends Disposable {
  readonly descriptor: number;
  /** Reads up to `length` bytes at `position` into the start of `buffer`; gives how many came. */
  read(buffer: Buffer, length: number, position: number): Promise<number>;
}

export function openFile(path: string, flags: number): OpenFile {
  const descriptor = openSync(path, flags);
  return {
    descriptor,
    read: async (buffer, length, position) =>
      (await readBytes(descriptor, buffer, 0, length, position)).bytesRead,
    [Symbol.dispose]: () => closeSync(descriptor),
  };
}
