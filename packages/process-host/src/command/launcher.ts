/** What the launcher says on the gate when it is ready, and what lets it go. */
export const READY = 'ready\n';
export const GO = 'go\n';
/** The descriptor of the gate in the launcher, and of the sandbox's arguments in bubblewrap. */
export const GATE_FD = 3;
export const ARGUMENTS_FD = 4;

/** Processes and threads of one command; shells have two names for this limit. */
const MAX_PROCESSES = 4096;

/**
 * Waits at the gate, then becomes the command. When nobody holds the gate any more, it ends without. Core files are
 * off: they would hold what the command held in memory.
 */
const script = [
  'ulimit -c 0',
  `{ ulimit -u ${MAX_PROCESSES} || ulimit -p ${MAX_PROCESSES}; } 2>/dev/null`,
  `printf 'ready\\n' >&${GATE_FD} && IFS= read -r word <&${GATE_FD} && [ "$word" = go ] || exit 125`,
  `exec "$@" ${GATE_FD}<&-`,
].join('\n');

/** The command behind a gate; `shell` is absolute. */
export function launcherOf(shell: string, argv: readonly string[]): string[] {
  return [shell, '-c', script, 'sh', ...argv];
}
