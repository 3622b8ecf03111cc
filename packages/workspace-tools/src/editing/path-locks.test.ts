import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { PathLocks } from './path-locks.ts';

test('whoever shares a path takes turns, and nobody waits for ever', async () => {
  const paths = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(paths, fc.nat(3), fc.boolean()), { maxLength: 12 }),
      async (acts) => {
        const locks = new PathLocks();
        const running = new Set<string>();
        const results = acts.map(([held, turns, fails], index) =>
          locks.hold(held, async () => {
            for (const path of held) {
              expect(running.has(path)).toBe(false);
              running.add(path);
            }
            for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
            for (const path of held) running.delete(path);
            if (fails) throw new Error('failed');
            return index;
          }),
        );
        const settled = await Promise.allSettled(results);
        expect(settled.map(({ status }) => status === 'rejected')).toEqual(
          acts.map(([, , fails]) => fails),
        );
      },
    ),
  );
});

test('who shares no path does not wait', async () => {
  const locks = new PathLocks();
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = locks.hold(['a', 'b'], () => promise);
  expect(await locks.hold(['c'], () => Promise.resolve('c'))).toBe('c');
  resolve();
  await first;
});
