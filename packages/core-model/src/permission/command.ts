/** The words of a single simple command, and what the first stands for; see `ActionBinding`. */
export interface Command {
  readonly argv?: readonly string[] | undefined;
  readonly executable?: string | undefined;
}

/**
 * Programs that run what their arguments or their input say. The list cannot be complete: any program may start
 * others. It keeps a rule that names such a program alone from being a rule for everything.
 */
const wrappers = new Set(
  `ash bash csh dash elvish fish ksh ksh93 mksh nu pwsh rbash rksh sh tcsh xonsh yash zsh
  awk gawk mawk nawk original-awk bun deno expect gdb guile irb lldb lua luajit node nodejs octave
  osascript perl php psql pypy pypy3 python racket rscript ruby sqlite3 tclsh wish
  ed emacs ex less man more nano nvim sed vi view vim vimdiff
  at batch builtin bwrap catchsegv chronic chroot chrt command coproc crontab cpulimit dbus-run-session
  doas dumb-init entr env eval exec fakeroot firejail flock gosu ionice ld.so linux32 linux64 logrotate
  ltrace nice nohup nsenter numactl parallel perf pkexec prlimit proot rsync run-parts runuser screen
  script setarch setpriv setsid source ssh sshpass start-stop-daemon stdbuf strace su su-exec sudo sudoedit
  systemd-run tar taskset time timeout tini tmux trap unbuffer unshare valgrind watch watchexec xargs
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
  ['sort', anyOf(/^--com/)],
  ['git', runsOthersInGit],
]);

function anyOf(pattern: RegExp) {
  return (args: readonly string[]): boolean => args.some((word) => pattern.test(word));
}

// Options before the subcommand bring another configuration; the others take a command. They may be abbreviated.
function runsOthersInGit(args: readonly string[]): boolean {
  const [first, second] = args;
  if (first === undefined) return false;
  if (first.startsWith('-'))
    return !['--no-pager', '--version', '--help', '-v', '-h'].includes(first);
  if (first === 'filter-branch' || (first === 'bisect' && second === 'run')) return true;
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
  const called = baseName(program);
  const real = baseName(executable);
  const names = multiCall.has(real) && !multiCall.has(called) ? [called] : [called, real];
  return names.some((name) => wraps(name, args));
}

function wraps(name: string, args: readonly string[]): boolean {
  const stem = name.toLowerCase().replace(/[-.\d]+$/, '');
  if ([name, stem].some((known) => wrappers.has(known) || multiCall.has(known))) return true;
  return /^ld(?:-[a-z0-9-]+)?\.so/.test(name) || runsOthersWhere.get(name)?.(args) === true;
}

/** Of words that the shell itself carries out, without a program. */
export function isHarmlessBuiltin([program, ...args]: readonly string[]): boolean {
  return program !== undefined && harmlessBuiltins.get(program)?.(args) === true;
}

export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
