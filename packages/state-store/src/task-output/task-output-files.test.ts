import { mkdtempSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TaskOutputFiles } from './task-output-files.ts';

let root: string;
let files: TaskOutputFiles;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'task-output-'));
  files = new TaskOutputFiles(root);
});

afterEach(() => rmSync(root, { recursive: true, force: true }));

const byteAt = (position: number) => (position * 31 + Math.floor(position / 997)) % 251;
const printed = (from: number, until: number) =>
  Buffer.from(Uint8Array.from({ length: until - from }, (_byte, index) => byteAt(from + index)));

/** What a sink leaves of so many bytes: the newest in `file`, each file half of all, what is older in `file.1`.
 * Gives the position from which on it is there. */
function print(taskId: string, total: number): number {
  files.remove(taskId);
  const { file, maxBytes } = files.place(taskId);
  const half = maxBytes / 2;
  const newest = total === 0 ? 0 : total - Math.floor((total - 1) / half) * half;
  if (total > half) writeFileSync(`${file}.1`, printed(total - newest - half, total - newest));
  writeFileSync(file, printed(total - newest, total));
  return Math.max(0, total - newest - half);
}

describe('output on disk', () => {
  const half = 1_048_576;

  test('is found at its position, however often older output was given up', () => {
    const totals = fc.constantFrom(
      0,
      1,
      half - 1,
      half,
      half + 1,
      2 * half,
      2 * half + 1,
      5 * half + 9,
    );
    fc.assert(
      fc.property(
        totals,
        fc.double({ min: -0.2, max: 1.2, noNaN: true }),
        fc.nat(70_000),
        fc.nat(60_000),
        (total, place, length, pending) => {
          const oldest = print('t', total);
          const wanted = Math.floor(total * place);
          // Some bytes may have been printed that the files do not have yet.
          const part = files.read('t', total + pending, ({ until }) => ({
            from: wanted,
            until: Math.min(wanted + length, until),
          }));
          expect(part.kept).toEqual({ from: oldest, until: total });
          expect(part.from).toBe(Math.min(Math.max(wanted, part.kept.from), total));
          const end = Math.max(part.from, Math.min(wanted + length, total));
          expect(part.bytes.equals(printed(part.from, end))).toBe(true);
          expect(part.rotations).toBe(total <= half ? 0 : Math.floor((total - 1) / half));
        },
      ),
      { numRuns: 25 },
    );
  });

  test('is read between the moments in which its files are exchanged', () => {
    print('t', half);
    const file = files.fileOf('t');
    renameSync(file, `${file}.1`);
    const part = files.read('t', half + 10, (all) => all);
    expect(part.kept).toEqual({ from: 0, until: half });
    expect(part.bytes.equals(printed(0, half))).toBe(true);
  });

  test('that an earlier start left counts from the oldest that is there', () => {
    print('t', 3 * half);
    const part = files.read('t', undefined, (all) => all);
    expect([part.kept, part.bytes.length, part.rotations]).toEqual([
      { from: 0, until: 2 * half },
      2 * half,
      1,
    ]);
  });

  test("is nobody else's to read, goes with its task, and is swept where it has none", () => {
    print('kept', half + 1);
    print('gone', half + 1);
    print('lost', 5);
    expect(statSync(dirname(files.fileOf('kept'))).mode & 0o777).toBe(0o700);
    files.remove('gone');
    files.sweep((taskId) => taskId === 'kept');
    expect(readdirSync(join(root, 'tasks')).toSorted()).toEqual(['kept.out', 'kept.out.1']);
    expect(files.read('gone', 0, (all) => all).bytes).toHaveLength(0);
  });
});
