import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { type CopiedRoot, type CopyOrder, copyRoot } from './copy-root.ts';

export type CopyAnswer =
  | { readonly copied: CopiedRoot }
  | { readonly failed: { readonly message: string; readonly code?: string } };

async function answer(): Promise<CopyAnswer> {
  try {
    return { copied: await copyRoot(workerData as CopyOrder) };
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    return { failed: { message, ...(code !== undefined && { code }) } };
  }
}

// Runs go first. On Linux this is of the thread that calls it, elsewhere of the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const told = await answer();
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port of a thread, which has no origin
parentPort?.postMessage(told);
