/** The words of a single simple command, and what the first stands for; see `ActionBinding`. */
export interface Command {
  readonly argv?: readonly string[] | undefined;
  readonly executable?: string | undefined;
}

/** Programs that run the file that is their first argument. */
const interpreters = new Set(
  `ash bash csh dash fish ksh ksh93 mksh rbash sh tcsh yash zsh guile lua luajit node nodejs perl php
  pypy python rscript ruby tclsh`.split(/\s+/),
);

/**
 * Programs that run what their arguments or their input say. The list cannot be complete: any program may start
 * others. It keeps a rule that names such a program alone from being a rule for everything.
 */
const wrappers = new Set(
  `elvish nu pwsh rksh xonsh
  awk gawk mawk nawk original-awk bun deno expect gdb irb lldb octave osascript psql racket sqlite3 wish
  ed emacs ex less man more nano nvim sed vi view vim vimdiff
  at batch builtin bwrap catchsegv choom chronic chroot chrt command coproc coresched crontab cpulimit dbus-run-session
  dc doas dumb-init eatmydata entr env eval exec faketime fakeroot firejail flock gosu ionice linux32 linux64 logrotate
  ltrace m4 newgrp nice nohup nsenter numactl parallel perf pkexec prlimit proot rlwrap rsync run-parts runuser scp screen
  script setarch setlock setpriv setsid sftp sg source ssh ssh-agent sshpass start-stop-daemon stdbuf strace su su-exec sudo sudoedit
  systemd-run tar taskset time timeout tini tmux trap uclampset unbuffer unshare valgrind watch watchexec xargs
  xvfb-run bunx npx pnpx uvx`.split(/\s+/),
);

/** One executable, many programs: it is the name it was called by that counts. */
const multiCall = new Set(['busybox', 'toybox', 'coreutils']);

/** Programs that run others only where an argument asks for it. */
const runsOthersWhere = new Map<string, (args: readonly string[]) => boolean>([
  ['find', anyOf(/^-(?:exec|execdir|ok|okdir)$/)],
  ['fd', anyOf(/^(?:-[A-Za-z]*[xX]|--exec)/)],
  ['fdfind', anyOf(/^(?:-[A-Za-z]*[xX]|--exec)/)],
  ['rg', anyOf(/^--(?:pre|hostname-bin)/)],
  // Long options may be abbreviated, as far as they stay clear.
  ['sort', anyOf(/^--co/)],
  ['split', anyOf(/^--f/)],
  ['git', runsOthersInGit],
]);

function anyOf(pattern: RegExp) {
  return (args: readonly string[]): boolean => args.some((word) => pattern.test(word));
}

// Options before the subcommand bring another configuration, and those of `clone` too; the others take a command. They
// may be abbreviated.
function runsOthersInGit(args: readonly string[]): boolean {
  const [first, second] = args;
  if (first === undefined) return false;
  if (first === '--no-pager') return runsOthersInGit(args.slice(1));
  if (first.startsWith('-')) return !['--version', '--help', '-v', '-h'].includes(first);
  if (first === 'filter-branch' || (first === 'bisect' && second === 'run')) return true;
  if (first === 'clone' && args.some((word) => /^(?:-[A-Za-z]*[cu]|--c|--t)/.test(word)))
    return true;
  return args.some((word) =>
    /^(?:foreach$|ext::|--(?:ex(?:[et]|=|$)|u|rece|op)|-[A-Za-z]*[xO])/.test(word),
  );
}

/** Builtins of the shell that only write text or answer. Others may evaluate their arguments, or change the shell. */
const harmlessBuiltins = new Map<string, (args: readonly string[]) => boolean>([
  [':', () => true],
  ['echo', () => true],
  ['false', () => true],
  ['pwd', () => true],
  ['true', () => true],
  // A variable's name may be an array element, whose subscript is evaluated.
  ['printf', ([first]) => first?.startsWith('-') !== true || first === '--'],
  ['test', (args) => !args.some((word) => word === '-v' || word === '-R')],
]);

/** Whether words behind the first may be a command of their own, or text that is run. */
export function isWrapper({ argv, executable }: Command): boolean {
  const [program, ...args] = argv ?? [];
  if (program === undefined) return false;
  if (executable === undefined) return !isHarmlessBuiltin(argv ?? []);
  return namesOf(program, executable).some(
    (name) =>
      [name, stemOf(name)].some(
        (known) => interpreters.has(known) || wrappers.has(known) || multiCall.has(known),
      ) ||
      /^ld(?:-[a-z0-9-]+)?\.so/.test(name) ||
      runsOthersWhere.get(name)?.(args) === true,
  );
}

/** Whether the first argument, where it is a file, is what is run. */
export function isInterpreter({ argv, executable }: Command): boolean {
  const [program] = argv ?? [];
  if (program === undefined || executable === undefined) return false;
  return namesOf(program, executable).some((name) =>
    [name, stemOf(name)].some((known) => interpreters.has(known)),
  );
}

function namesOf(program: string, executable: string): string[] {
  const [called, real] = [baseName(program), baseName(executable)];
  return multiCall.has(real) ? [called] : [called, real];
}

/** Without a version: `python3.11` is `python`. */
function stemOf(name: string): string {
  return name.toLowerCase().replace(/[-.\d]+$/, '');
}

/** Of words that the shell itself carries out, without a program. */
export function isHarmlessBuiltin([program, ...args]: readonly string[]): boolean {
  return program !== undefined && harmlessBuiltins.get(program)?.(args) === true;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
