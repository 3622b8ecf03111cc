import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { expect } from 'vitest';
import { cleanEnvironment, kheish } from './daemon-process.ts';

export interface CommandOptions {
  readonly cwd?: string;
  /** On top of an environment without anything that the program reads. */
  readonly env?: Readonly<Record<string, string>>;
  /** What the command finds on its stdin. */
  readonly input?: string;
}

export interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs another program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const { cwd, env, input = '' } = options;
  const child = spawn(program, args, {
    env: { ...cleanEnvironment(), ...env },
    ...(cwd !== undefined && { cwd }),
    stdio: 'pipe',
  });
  child.stdin.on('error', () => undefined).end(input);
  const ended = new Promise<Ended['code']>((resolve, reject) => {
    child.once('error', reject).once('close', (code, signal) => resolve(signal ?? code));
  });
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, stdout, stderr };
}

/** Runs the program under test to its end. */
export function runKheish(args: readonly string[], options: CommandOptions = {}): Promise<Ended> {
  return runProgram(kheish, args, options);
}

/** A daemon's address for the commands that speak to it. */
export function at(daemon: { readonly url: string }): Record<string, string> {
  return { KHEISH_DAEMON_URL: daemon.url };
}

/** The JSON that a command prints; fails with what it said where it did not end well. */
export async function jsonOf<T>(
  args: readonly string[],
  options: CommandOptions = {},
  code = 0,
): Promise<T> {
  const ended = await runKheish(['--output', 'json', ...args], options);
  expect(ended, args.join(' ')).toMatchObject({ code, stderr: '' });
  return JSON.parse(ended.stdout) as T;
}

/** A refusal says in plain words what is wrong: no trace, nothing on stdout, and none of the given texts. */
export function expectRefusal(
  ended: Ended,
  code: number,
  says: string | RegExp,
  ...unsaid: readonly string[]
): void {
  const { stdout, stderr } = ended;
  expect(stderr).toMatch(says);
  expect(ended.code, stderr).toBe(code);
  expect(stdout).toBe('');
  expect(stderr.split('\n').filter((line) => line.startsWith('Error: '))).toHaveLength(1);
  expect(stderr).not.toMatch(/^\s+at |node:internal|\.ts:\d|\.js:\d|\[object|undefined/m);
  for (const word of unsaid) expect(stderr).not.toContain(word);
}
