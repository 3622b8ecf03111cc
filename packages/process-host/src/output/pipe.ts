import { execFile } from 'node:child_process';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Pipe {
  readonly reader: number;
  readonly writer: number;
}

/**
 * A real pipe for both outputs of a command. What Node gives a child instead is a socket, and a socket cannot be
 * opened by name: `echo broken > /dev/stderr` would fail.
 */
export async function openPipe(mkfifo: string): Promise<Pipe> {
  const directory = await mkdtemp(join(tmpdir(), 'kheish-'));
  try {
    const path = join(directory, 'output');
    await promisify(execFile)(mkfifo, ['-m', '600', path], { env: {} });
    // In this order neither open waits for the other end.
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      return { reader, writer: openSync(path, constants.O_WRONLY) };
    } catch (error) {
      closeSync(reader);
      throw error;
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}
