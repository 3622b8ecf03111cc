import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from '../command/programs.ts';
import { bubblewrapArguments } from './bubblewrap.ts';

/** How commands are kept apart from the host. */
export type SandboxReport =
  | { readonly kind: 'bubblewrap'; readonly version: string }
  | { readonly kind: 'none'; readonly reason: string };

export interface Sandbox {
  readonly report: SandboxReport;
  /** The program; present for `bubblewrap`. */
  readonly program?: string;
}

const MAX_REASON_CHARACTERS = 300;
const PROBE_BOUND_MS = 10_000;
const run = promisify(execFile);

/** Starts a sandbox to see that it can be had, with all that a command's has. */
export async function detectSandbox(workspaceRoot: string): Promise<Sandbox> {
  if (process.platform !== 'linux') return none('there is no sandbox for this system');
  if (workspaceRoot === '/') return none('the workspace is the whole file system');
  const program = findProgram('bwrap');
  if (program === undefined) return none('bubblewrap is not installed');
  const options = bubblewrapArguments({
    workspaceRoot,
    hidden: [],
    sockets: [],
    cwd: '/',
    network: false,
    environment: {},
  });
  const bounds = { env: {}, timeout: PROBE_BOUND_MS };
  try {
    const [{ stdout }] = await Promise.all([
      run(program, ['--version'], bounds),
      run(program, [...options, '--', '/bin/sh', '-c', ':'], bounds),
    ]);
    return { report: { kind: 'bubblewrap', version: stdout.trim().replace(/^\S+ /, '') }, program };
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string };
    const [line = ''] = (stderr?.trim() || message).split('\n');
    return none(`bubblewrap cannot be used: ${line.slice(0, MAX_REASON_CHARACTERS)}`);
  }
}

function none(reason: string): Sandbox {
  return { report: { kind: 'none', reason } };
}
