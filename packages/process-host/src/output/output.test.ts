import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { Hosted } from '../testing/hosted.ts';
import { HeadAndTail } from './head-and-tail.ts';

test('head and tail are those of all that was pushed, however it was cut', () => {
  fc.assert(
    fc.property(
      fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 12 }),
      fc.nat(30),
      fc.nat(30),
      (chunks, headBytes, tailBytes) => {
        const output = new HeadAndTail(headBytes, tailBytes);
        for (const chunk of chunks) output.push(chunk);
        const all = Buffer.concat(chunks);
        const rest = all.subarray(headBytes);
        const omitted = Math.max(0, rest.length - tailBytes);
        expect(output.kept()).toEqual({
          head: Buffer.from(all.subarray(0, headBytes)),
          tail: Buffer.from(rest.subarray(omitted)),
          omitted,
          total: all.length,
        });
      },
    ),
  );
});

test('a file keeps the newest output within its bound, and tells what it gave up', async () => {
  await using hosted = await Hosted.create('off');
  const sink = { file: join(hosted.base, 'output'), maxBytes: 20_000 };
  const report = await hosted.run('seq 1 20000', { sink });
  const all = Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join('');
  const older = await readFile(`${sink.file}.1`, 'utf8');
  const newer = await readFile(sink.file, 'utf8');
  expect(older).toHaveLength(10_000);
  expect(newer.length).toBeLessThanOrEqual(10_000);
  expect(all.endsWith(older + newer)).toBe(true);
  expect(report.sink).toEqual({ rotations: Math.ceil(all.length / 10_000) - 1 });
  expect(report.output.total).toBe(all.length);
});

test('a file that cannot be written does not hold up the command', async () => {
  await using hosted = await Hosted.create('off');
  const sink = { file: '/dev/full', maxBytes: 20_000 };
  const report = await hosted.run('seq 1 1000; exit 3', { sink });
  expect(report.exit_code).toBe(3);
  expect(report.sink?.failure).toContain('ENOSPC');
});

test('a file that cannot be opened fails before anything has begun', async () => {
  await using hosted = await Hosted.create('off');
  const sink = { file: join(hosted.base, 'nowhere', 'output'), maxBytes: 20_000 };
  await expect(hosted.hold('touch began', { sink })).rejects.toThrow('ENOENT');
  expect(await readdir(hosted.workspaceRoot)).toEqual([]);
});

/** Holds the last byte back. */
const shouting = () => {
  let held = Buffer.alloc(0);
  return {
    push: (bytes: Uint8Array) => {
      const all = Buffer.concat([held, bytes]);
      held = all.subarray(all.length - 1);
      return Buffer.from(all.subarray(0, -1).toString().toUpperCase());
    },
    end: () => Buffer.concat([held, Buffer.from('!')]),
  };
};

test('a filter sees all that is printed before it is kept, and what it holds back comes at the end', async () => {
  await using hosted = await Hosted.create('off', {}, [], shouting);
  const sink = { file: join(hosted.base, 'output'), maxBytes: 20_000 };
  const report = await hosted.run('printf abc; sleep 0.05; printf def', { sink });
  expect(await readFile(sink.file, 'utf8')).toBe('ABCDEf!');
  expect(report.output.head.toString()).toBe('ABCDEf!');
});
