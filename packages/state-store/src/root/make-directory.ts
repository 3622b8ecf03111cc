import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes a directory and what is missing above it; they are on disk when this returns. Not `mkdir` with `recursive`:
 * below `/proc`, where a parent exists and nothing can be made in it, that never returns.
 */
export function makeDirectory(path: string, mode?: number): void {
  try {
    make(path, mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== 'ENOENT' || parent === path || exists(parent)) throw error;
    makeDirectory(parent, mode);
    make(path, mode);
  }
}

function make(path: string, mode: number | undefined): void {
  mkdirSync(path, mode);
  let parent: number;
  try {
    parent = openSync(dirname(path), 'r');
  } catch {
    // One may make a directory where one may not read; then only the system's own time brings it to the disk.
    return;
  }
  try {
    fsyncSync(parent);
  } finally {
    closeSync(parent);
  }
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
