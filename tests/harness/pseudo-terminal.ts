import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { notRun } from '@kheish/testkit';
import { cleanEnvironment } from './daemon-process.ts';
import { until, within } from './until.ts';

export interface TerminalOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * A command that believes that a person sits before it, by way of script(1) of Debian's bsdutils. No shell stays
 * between: some end by the signal themselves when Ctrl-C comes.
 */
export class PseudoTerminal implements Disposable {
  readonly #child: ChildProcess;
  #shown = '';

  constructor(command: string, options: TerminalOptions = {}) {
    const { error } = spawnSync('script', ['--version']);
    if (error !== undefined) notRun('there is no script(1) to make a terminal');
    const { cwd, env } = options;
    this.#child = spawn('script', ['-qfec', `exec ${command}`, '/dev/null'], {
      env: { ...cleanEnvironment(), TERM: 'xterm', ...env },
      ...(cwd !== undefined && { cwd }),
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (piece: string) => {
      this.#shown += piece;
    });
  }

  /** All that the screen got so far, with its control sequences. */
  get shown(): string {
    return this.#shown;
  }

  type(keys: string): void {
    this.#child.stdin?.write(keys);
  }

  /** Resolves when this text is on the screen, `from` characters after its beginning or later. */
  async shows(text: string, from = 0, deadlineMs = 20_000): Promise<void> {
    const probe = () => (this.#shown.includes(text, from) ? true : undefined);
    await until(`"${text}" on the screen`, probe, deadlineMs).catch((error: Error) => {
      throw new Error(`${error.message}; there is:\n${this.#shown}`);
    });
  }

  /** Resolves with the exit code of the command. */
  async ended(): Promise<number | null> {
    if (this.#child.exitCode === null) await within('the command', once(this.#child, 'close'));
    return this.#child.exitCode;
  }

  [Symbol.dispose](): void {
    this.#child.kill('SIGKILL');
  }
}

export const ctrlC = '\x03';
