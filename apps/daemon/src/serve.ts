import type { ServeOptions } from './serve-options.ts';

// Placeholder until the composition root is written; the signature is what the command line calls.

/** Runs a daemon until it was told to stop and has drained; resolves with the exit code. */
export async function serve(_options: ServeOptions): Promise<number> {
  throw new Error('serve is not written yet');
}
