import { KheishError, baseName } from '@kheish/core-model';
import { fileProblem } from '../workspace/file-problem.ts';
import { pinFile } from '../workspace/pinned-file.ts';
import type { NamedPlace } from './bind-files.ts';
import { type Surroundings, findProgram } from './find-program.ts';

// What Linux reads of a script, and how many it follows: BINPRM_BUF_SIZE, and the depth in fs/exec.c.
const HEAD_BYTES = 256;
const MAX_SCRIPTS = 5;

/** The programs that carry out a script: that of its first line, what `env` there stands for, and so on. */
export async function interpretersOf(
  executable: string,
  surroundings: Surroundings,
): Promise<NamedPlace[]> {
  const found: NamedPlace[] = [];
  const follow = async (name: string): Promise<string | undefined> => {
    const place = await findProgram(name, surroundings);
    if (place !== undefined) found.push({ name, place });
    return place;
  };
  let script: string | undefined = executable;
  for (let depth = 0; depth < MAX_SCRIPTS && script !== undefined; depth += 1) {
    const [program, ...args] = await firstLineOf(script);
    if (program === undefined) break;
    // The kernel knows no PATH.
    script = await follow(program.includes('/') ? program : `./${program}`);
    if (baseName(program) !== 'env') continue;
    const named = args.find((word) => !word.startsWith('-') && !word.includes('='));
    script = named === undefined ? undefined : await follow(named);
  }
  return found;
}

/** The words behind `#!`; none where the file is no script. */
async function firstLineOf(place: string): Promise<string[]> {
  try {
    using pinned = pinFile(place);
    if (!pinned.stats.isFile()) return [];
    using file = pinned.openForReading();
    const head = Buffer.alloc(HEAD_BYTES);
    const [line = ''] = head.toString('utf8', 0, await file.read(head, HEAD_BYTES, 0)).split('\n');
    return line.startsWith('#!')
      ? line
          .slice(2)
          .split(/[ \t]+/)
          .filter((word) => word !== '')
      : [];
  } catch (thrown) {
    if (fileProblem(place, thrown) instanceof KheishError) return [];
    throw thrown;
  }
}
