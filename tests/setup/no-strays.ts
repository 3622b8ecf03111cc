import { readFileSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll } from 'vitest';

/** A child gets so long to end after the last test of its file, in milliseconds. */
const GRACE_MS = 5_000;

const before = new Set<number>();

beforeAll(() => {
  for (const { pid } of children()) before.add(pid);
});

/** Every process that a file of tests starts must be over with it. */
afterAll(async () => {
  for (const end = performance.now() + GRACE_MS; performance.now() < end; await sleep(20)) {
    if (strays().length === 0) return;
  }
  const left = strays();
  for (const { pid } of left) process.kill(pid, 'SIGKILL');
  if (left.length > 0) {
    throw new Error(`still there: ${left.map(({ command }) => command).join('; ')}`);
  }
});

function strays() {
  return children().filter(({ pid }) => !before.has(pid));
}

/** Children of this process that are not over, where the system tells. */
function children(): { pid: number; command: string }[] {
  return readdirSync('/proc/self/task').flatMap((task) =>
    words(`/proc/self/task/${task}/children`, ' ').flatMap((pid) => {
      // Of one that has ended and is not yet waited for there is no command line.
      const command = words(`/proc/${pid}/cmdline`, '\0').join(' ');
      return command === '' ? [] : [{ pid: Number(pid), command }];
    }),
  );
}

function words(file: string, separator: string): string[] {
  try {
    return readFileSync(file, 'utf8').split(separator).filter(Boolean);
  } catch {
    return [];
  }
}
