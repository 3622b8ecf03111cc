import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EditorRequest } from './editor.child.ts';

const NODE = ['--conditions=@kheish/source', '--experimental-strip-types', '--no-warnings'];

/** The editing tools in a process of their own, which may be killed, or be started under another program. */
export class EditorProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(root: string, under: readonly string[] = []) {
    const script = fileURLToPath(new URL('editor.child.ts', import.meta.url));
    const [program, ...args] = [...under, process.execPath, ...NODE, script, root];
    const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child = child;
    this.#lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error('the editor did not start');
    return this.#child.pid;
  }

  send(request: EditorRequest): void {
    this.#child.stdin?.write(`${JSON.stringify(request)}\n`);
  }

  /** Its answer, or what it refused with; undefined when it ended before. */
  async answer(): Promise<string | undefined> {
    const next = await this.#lines.next();
    return next.done === true ? undefined : (JSON.parse(next.value) as string);
  }

  call(tool: string, input: EditorRequest['input'], times = 1): Promise<string | undefined> {
    this.send({ tool, input, times });
    return this.answer();
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill();
  }
}
