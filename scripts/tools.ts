import { spawn } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';

export const root = dirname(import.meta.dirname);

export interface ToolRun {
  readonly ok: boolean;
  /** Empty when the tool wrote to our own output. */
  readonly output: string;
}

/** Runs a tool of node_modules/.bin at the root of the repository. */
export async function runTool(
  name: string,
  args: readonly string[],
  show: 'show' | 'collect',
  env: Readonly<Record<string, string>> = {},
): Promise<ToolRun> {
  const bin = join(root, 'node_modules', '.bin');
  const child = spawn(join(bin, name), args, {
    cwd: root,
    stdio: show === 'show' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PATH: [bin, process.env['PATH'] ?? ''].join(delimiter),
      TURBO_TELEMETRY_DISABLED: '1',
      ...env,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      output += chunk;
    });
  }
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      resolve({ ok: code === 0, output });
    });
  });
}

/** Builds what changed since its last build: every package, or `only` one and what its build needs. */
export async function buildPackages(
  show: 'show' | 'collect' = 'collect',
  only?: string,
): Promise<ToolRun> {
  const filter = only === undefined ? [] : [`--filter=${only}`];
  return runTool(
    'turbo',
    ['run', 'build', ...filter, '--output-logs=errors-only', '--no-update-notifier'],
    show,
  );
}
