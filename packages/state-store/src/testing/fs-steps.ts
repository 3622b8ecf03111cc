import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What changes a disk, as this package calls it. */
const changing = [
  'mkdirSync',
  'openSync',
  'writeSync',
  'fsyncSync',
  'fdatasyncSync',
  'renameSync',
  'rmSync',
  'closeSync',
] as const;

/** Calls `before` with the number of each call that may change the disk, from 1 on. Until it is disposed. */
export function watchFileSystem(before: (nth: number) => void): Disposable {
  const calls = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = Object.fromEntries(changing.map((name) => [name, calls[name]]));
  let nth = 0;
  for (const name of changing) {
    const original = calls[name];
    calls[name] = (...args) => {
      before((nth += 1));
      return original?.(...args);
    };
  }
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]: () => {
      Object.assign(fs, originals);
      syncBuiltinESMExports();
    },
  };
}
