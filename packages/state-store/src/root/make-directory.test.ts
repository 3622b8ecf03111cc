import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeDirectory } from './make-directory.ts';

let base = '';
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'make-directory-'));
});
afterEach(() => {
  rmSync(base, { recursive: true });
});

test('makes what is missing on the way, with the mode, and is content with what is there', () => {
  const path = join(base, 'a/b/c');
  makeDirectory(path, 0o700);
  makeDirectory(path, 0o700);
  for (const made of [path, join(base, 'a')]) expect(statSync(made).mode & 0o777).toBe(0o700);
});

test('fails at once where nothing can be made', () => {
  writeFileSync(join(base, 'file'), '');
  symlinkSync(join(base, 'nowhere/at/all'), join(base, 'dangling'));
  expect(() => makeDirectory(join(base, 'file'))).toThrow('EEXIST');
  expect(() => makeDirectory(join(base, 'file/sub'))).toThrow('ENOTDIR');
  expect(() => makeDirectory(join(base, 'dangling/sub'))).toThrow();
});

test.runIf(process.platform === 'linux')('fails at once below /proc', () => {
  expect(() => makeDirectory('/proc/nothing/here')).toThrow('ENOENT');
});
