import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

/**
 * Calls `closed` when the reader of stdout has gone, also while there is nothing to write that would find out.
 * Returns how to stop watching. Where stdout is no pipe, or there is no GNU tail, the next write finds out.
 */
export function onStdoutClosed(closed: () => void): () => void {
  if (process.platform !== 'linux' || !fstatSync(1).isFIFO()) {
    return () => undefined;
  }
  // Node cannot poll the writing end of a pipe. GNU tail does, and dies of SIGPIPE when the reader has gone.
  const watcher = spawn('tail', ['-f', `--pid=${process.pid}`, '/dev/null'], {
    stdio: ['ignore', 'inherit', 'ignore'],
  });
  watcher.on('error', () => undefined);
  watcher.on('exit', (_code, signal) => {
    if (signal === 'SIGPIPE') closed();
  });
  watcher.unref();
  return () => watcher.kill();
}
