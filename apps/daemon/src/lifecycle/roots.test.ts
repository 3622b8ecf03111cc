import { mkdtempSync, realpathSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DaemonLog } from './daemon-options.ts';
import { checkRootsApart, openWorkspaceRoot } from './roots.ts';

let directory: string;
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'kheish-roots-')));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe('the workspace root', () => {
  test('is created, and known by its real path', () => {
    const missing = join(directory, 'a', 'b');
    expect(openWorkspaceRoot(missing)).toBe(missing);
    expect(statSync(missing).isDirectory()).toBe(true);
    symlinkSync(missing, join(directory, 'link'));
    expect(openWorkspaceRoot(join(directory, 'link'))).toBe(missing);
  });

  test('is not a file', () => {
    const file = join(directory, 'file');
    writeFileSync(file, '');
    expect(() => openWorkspaceRoot(file)).toThrow(
      expect.objectContaining({
        code: 'config/invalid_configuration',
        message: expect.stringContaining(`${file} cannot be used; choose another --workspace-root`),
      }),
    );
  });
});

function quiet() {
  const warn = vi.fn<DaemonLog['warn']>();
  const log: DaemonLog = { info: () => undefined, warn, error: () => undefined };
  return { log, warn };
}

describe('two roots', () => {
  test.each([
    ['/a/state', '/a/work', false],
    ['/a/work-state', '/a/work', false],
    ['/a/work', '/a/work-state', false],
    ['/a/..state', '/a', true],
    ['/a/work/state', '/a/work', true],
    ['/a', '/a/work', true],
    ['/a/work', '/a/work', true],
    ['/', '/a', true],
  ])('%s and %s lie within each other: %s', (state, work, nested) => {
    const { log, warn } = quiet();
    checkRootsApart(state, work, false, log);
    expect(warn).toHaveBeenCalledTimes(nested ? 1 : 0);
    const locked = () => checkRootsApart(state, work, true, quiet().log);
    if (nested) expect(locked).toThrow('Choose separate directories');
    else expect(locked).not.toThrow();
  });
});
