import { accessSync, constants, lstatSync, realpathSync, statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import type { HiddenFiles } from '../workspace/hidden-files.ts';

export interface Surroundings {
  /** Absolute, without symbolic links. */
  readonly cwd: string;
  /** The PATH that the command would have. */
  readonly path: string;
  readonly hidden: HiddenFiles;
}

/** The file that a shell would start for a word: absolute, without symbolic links. */
export async function findProgram(
  word: string,
  surroundings: Surroundings,
): Promise<string | undefined> {
  if (word.includes('/')) return executableAt(word, surroundings);
  for (const directory of surroundings.path.split(':')) {
    const found = await executableAt(`${directory === '' ? '.' : directory}/${word}`, surroundings);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function executableAt(name: string, surroundings: Surroundings) {
  const place = await placeOf(name, surroundings);
  if (place === undefined) return undefined;
  try {
    if (!statSync(place).isFile()) return undefined;
    accessSync(place, constants.X_OK);
    return place;
  } catch {
    return undefined;
  }
}

/** What a name stands for, free of symbolic links; undefined where nothing is, or nothing may be seen. */
export async function placeOf(
  name: string,
  { cwd, hidden }: Surroundings,
): Promise<string | undefined> {
  try {
    // Not joined: `a/../b` is another file than `b` where `a` is a link.
    const place = realpathSync.native(isAbsolute(name) ? name : `${cwd}/${name}`);
    const isHidden =
      hidden.coversPath(place) || (await hidden.coversFile(lstatSync(place, { bigint: true })));
    return isHidden ? undefined : place;
  } catch {
    return undefined;
  }
}
