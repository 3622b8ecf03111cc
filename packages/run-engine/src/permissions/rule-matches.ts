import {
  type Command,
  type MatchedRule,
  baseName,
  isHarmlessBuiltin,
  isWrapper,
} from '@kheish/core-model';

export function namesTool(rule: MatchedRule, toolName: string): boolean {
  const pattern = rule.tool_name_pattern;
  return pattern.endsWith('*') ? toolName.startsWith(pattern.slice(0, -1)) : pattern === toolName;
}

/** A rule that allows takes its words as narrowly, one that asks or denies as widely as they can be meant. */
export function namesCommand(rule: MatchedRule, command: Command): boolean {
  if (rule.argv_prefix === undefined) return true;
  if (command.argv === undefined) return false;
  const [program = '', ...prefix] = rule.argv_prefix;
  const args = command.argv.slice(1);
  if (rule.behavior !== 'allow') {
    return mayMean(program, command) && beginsWithMeant(args, prefix);
  }
  if (!beginsWith(args, prefix)) return false;
  if (isWrapper(command) && rule.argv_prefix.length !== command.argv.length) return false;
  return means(program, command);
}

/** Exactly this program: by its path, or by its plain name where that was looked up on the PATH. */
function means(program: string, { argv, executable }: Command): boolean {
  const called = argv?.[0];
  if (program.startsWith('/')) {
    return executable !== undefined && (program === executable || program === called);
  }
  return program === called && (executable !== undefined || isHarmlessBuiltin(argv ?? []));
}

/** The same name, wherever it lies. */
function mayMean(program: string, { argv, executable }: Command): boolean {
  return [argv?.[0], executable].some(
    (name) => name !== undefined && baseName(name) === baseName(program),
  );
}

/** Also without the one option before a subcommand of git that may stand there and makes no other command of it. */
function beginsWithMeant(args: readonly string[], prefix: readonly string[]): boolean {
  if (beginsWith(args, prefix)) return true;
  const [first, ...rest] = args;
  return first === '--no-pager' && beginsWithMeant(rest, prefix);
}

function beginsWith(words: readonly string[], prefix: readonly string[]): boolean {
  return prefix.every((word, index) => words[index] === word);
}
