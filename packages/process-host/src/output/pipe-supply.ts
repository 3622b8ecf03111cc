import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Pipe {
  readonly reader: number;
  readonly writer: number;
}

/** Starting a program stops everything else for milliseconds; one makes so many pipes. */
const PIPES_AT_ONCE = 8;

/**
 * Real pipes for the outputs of commands. What Node gives a child instead is a socket, and a socket cannot be opened
 * by name: `echo broken > /dev/stderr` would fail.
 */
export class PipeSupply {
  #ready: Pipe[] = [];
  #making: Promise<void> | undefined;
  #closed = false;

  /** Both ends are the taker's to close. `mkfifo` is absolute. */
  async take(mkfifo: string): Promise<Pipe> {
    for (;;) {
      if (this.#closed) throw new Error('the supply of pipes is closed');
      const pipe = this.#ready.pop();
      if (pipe !== undefined) return pipe;
      this.#making ??= this.#make(mkfifo).finally(() => {
        this.#making = undefined;
      });
      await this.#making;
    }
  }

  async #make(mkfifo: string): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'kheish-'));
    try {
      const paths = Array.from({ length: PIPES_AT_ONCE }, (_, index) =>
        join(directory, `${index}`),
      );
      await once(spawn(mkfifo, ['-m', '600', ...paths], { env: {}, stdio: 'ignore' }), 'exit');
      for (const path of paths) this.#ready.push(openBoth(path));
    } finally {
      await rm(directory, { recursive: true });
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#making?.catch(() => undefined);
    for (const { reader, writer } of this.#ready.splice(0)) {
      closeSync(reader);
      closeSync(writer);
    }
  }
}

/** In this order neither open waits for the other end. */
function openBoth(path: string): Pipe {
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { reader, writer: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(reader);
    throw error;
  }
}
