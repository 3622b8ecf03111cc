import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface Child {
  readonly process: ChildProcess;
  /** The next line it prints; undefined when it printed its last. */
  line(): Promise<string | undefined>;
  /** Resolves to its exit code, or to the signal that ended it. */
  readonly ended: Promise<number | NodeJS.Signals | null>;
}

export interface ChildLimits {
  /** No file grows beyond this: a write past it fails. */
  readonly fileBytes?: number;
}

/** Runs a script of this folder in a process of its own, from its source. */
export function runChild(script: string, limits: ChildLimits, ...args: string[]): Child {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const flags = ['--conditions=@kheish/source', '--experimental-strip-types', '--no-warnings'];
  const blocks = limits.fileBytes === undefined ? 'unlimited' : String(limits.fileBytes / 512);
  const limited = `ulimit -f ${blocks}; exec "$@"`;
  const child = spawn('/bin/sh', ['-c', limited, 'sh', process.execPath, ...flags, file, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    process: child,
    line: async () => {
      const next = await lines.next();
      return next.done === true ? undefined : next.value;
    },
    ended: new Promise((resolve) => {
      child.once('close', (code, signal) => resolve(signal ?? code));
    }),
  };
}
