import { realpathSync } from 'node:fs';
import {
  type ActionBinding,
  type Command,
  isHarmlessBuiltin,
  isInterpreter,
  isWrapper,
} from '@kheish/core-model';
import { fileProblem, notFound } from '../workspace/file-problem.ts';
import { hiddenFiles } from '../workspace/hidden-files.ts';
import { printable } from '../workspace/workspace.ts';
import { type NamedPlace, bindFiles } from './bind-files.ts';
import { shellBuiltins } from './builtins.ts';
import { type Surroundings, findProgram, placeOf } from './find-program.ts';
import { interpretersOf } from './script-interpreters.ts';
import { parseSimpleCommand } from './simple-command.ts';

export interface BindCommandOptions {
  /** Where the command would run: absolute. */
  readonly cwd: string;
  /** The PATH that the command would have. */
  readonly path: string;
  /** Absolute paths of files and directories that the command would not see. */
  readonly hidden: readonly string[];
}

const MAX_WORDS = 1024;
const MAX_REASONS = 5;

/** The words of a line that is a single simple command, and the program that the first stands for. */
export async function commandOf(line: string, options: BindCommandOptions): Promise<Command> {
  const { argv, executable } = await resolved(line, options);
  return { argv, executable };
}

/**
 * What a line of bash would act on. A single simple command is bound by its words, the program that the first stands
 * for, what carries that out where it is a script, and the bytes of all files that a word, or the value of an
 * `--option=value`, names. `unbound` says what is not bound. A line with shell syntax has neither words nor files.
 * Rejects with `tools/not_found` where there is no `cwd`.
 */
export async function bindCommand(
  line: string,
  options: BindCommandOptions,
): Promise<ActionBinding> {
  const { surroundings, argv, executable, unbound } = await resolved(line, options);
  const { cwd, hidden } = surroundings;
  if (argv === undefined) return { cwd, files: [], unbound };
  if (argv.length > MAX_WORDS) {
    return {
      cwd,
      argv: [...argv],
      files: [],
      unbound: `the line has more than ${MAX_WORDS} words`,
    };
  }

  const [program = '', ...args] = argv;
  const operands = await operandsIn(args, surroundings);
  const itself =
    executable === undefined
      ? []
      : [{ name: program, place: executable }, ...(await interpretersOf(executable, surroundings))];
  const { files, gaps } = await bindFiles([...itself, ...operands], hidden);

  const script = operands.find(({ name }) => name === args[0]);
  const reasons = [...reasonsIn({ argv, executable }, script), ...gaps];
  return {
    cwd,
    argv: [...argv],
    ...(executable === undefined ? {} : { executable }),
    files,
    ...(reasons.length === 0 ? {} : { unbound: sentence(reasons) }),
  };
}

async function resolved(line: string, options: BindCommandOptions) {
  const hidden = hiddenFiles(options.hidden);
  const cwd = realDirectory(options.cwd);
  if (hidden.coversPath(cwd)) throw notFound(options.cwd);
  const surroundings: Surroundings = { cwd, path: options.path, hidden };
  const { words: argv, reason: unbound } = parseSimpleCommand(line);
  const [program = ''] = argv ?? [];
  const isProgram = argv !== undefined && !shellBuiltins.has(program);
  const executable = isProgram ? await findProgram(program, surroundings) : undefined;
  return { surroundings, argv, executable, unbound };
}

function realDirectory(path: string): string {
  try {
    return realpathSync.native(path);
  } catch (thrown) {
    throw fileProblem(path, thrown);
  }
}

async function operandsIn(
  args: readonly string[],
  surroundings: Surroundings,
): Promise<NamedPlace[]> {
  const found: NamedPlace[] = [];
  for (const word of args) {
    for (const name of new Set([word, word.slice(word.indexOf('=') + 1)])) {
      const place = name === '' ? undefined : await placeOf(name, surroundings);
      if (place !== undefined) found.push({ name, place });
    }
  }
  return found;
}

/** Why the words do not say what is run. */
function reasonsIn(command: Command, script: NamedPlace | undefined): string[] {
  const { argv = [], executable } = command;
  const program = `\`${argv[0]}\``;
  if (executable === undefined) {
    if (isHarmlessBuiltin(argv)) return [];
    return shellBuiltins.has(argv[0] ?? '')
      ? [`the shell carries out ${program} itself`]
      : [`${program} is not found`];
  }
  if (!isWrapper(command)) return [];
  if (isInterpreter(command) && script !== undefined && !/^[-+]/.test(script.name)) return [];
  return [`${program} may run what no file here says`];
}

function sentence(reasons: readonly string[]): string {
  const shown = reasons.slice(0, MAX_REASONS);
  if (reasons.length > MAX_REASONS) shown.push(`and ${reasons.length - MAX_REASONS} more`);
  return printable(shown.join('; '));
}
