import { type SpawnOptions, spawn } from 'node:child_process';
import { join } from 'node:path';
import { vi } from 'vitest';
import { createProgram } from '../program.ts';

const main = join(import.meta.dirname, '..', 'main.ts');

/** Starts the command line from its sources as a process of its own, with nothing of this shell's settings. */
export function startCli(args: readonly string[], options: SpawnOptions = {}) {
  return spawn(process.execPath, ['--conditions=@kheish/source', main, ...args], {
    ...options,
    env: { PATH: process.env['PATH'], ...options.env },
  });
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs it to its end. */
export async function runCli(
  args: readonly string[],
  { stdin = '', env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Ended> {
  const child = startCli(args, { env });
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk) => (stdout += String(chunk)));
  child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
  child.stdin?.end(stdin);
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** Runs one command in this process; rejects with what it throws. */
export async function runHere(...args: string[]): Promise<Ended> {
  let stdout = '';
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((text, ...rest: unknown[]) => {
    stdout += String(text);
    const done = rest.at(-1);
    if (typeof done === 'function') (done as () => void)();
    return true;
  });
  let stderr = '';
  const quiet = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    stderr += String(text);
    return true;
  });
  process.exitCode = 0;
  try {
    await createProgram().parseAsync(args, { from: 'user' });
    return { stdout, stderr, code: process.exitCode };
  } finally {
    process.exitCode = 0;
    spy.mockRestore();
    quiet.mockRestore();
  }
}
