import { globSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, type TaskRecord, createClient } from '@kheish/client-sdk';
import {
  type DaemonProcess,
  type Sandbox,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { until } from '../harness/until.ts';

/** A root whose agents may run commands unasked, and the daemon on it. */
export class TasksRoot implements AsyncDisposable {
  readonly box: Sandbox = sandbox();
  daemon!: DaemonProcess;

  static async open(): Promise<TasksRoot> {
    const root = new TasksRoot();
    await root.start();
    await root.client.runtime.setPermissionMode('bypassPermissions');
    return root;
  }

  async start(): Promise<void> {
    this.daemon = await startDaemon({ sandbox: this.box });
  }

  get client(): Client {
    return createClient({ baseUrl: this.daemon.url });
  }

  /** Calls tools in one run, one after the other, and waits for its end. */
  async calls(session: string, ...calls: readonly [tool: string, input: object][]): Promise<void> {
    const lines = calls.map(([tool, input]) => `scripted: call ${tool} ${JSON.stringify(input)}`);
    const run = await this.client.sessions.submit(session, { content: lines.join('\n') });
    const ended = await this.client.runs.wait(run.run_id, { timeoutMs: 30_000 });
    if (ended.status !== 'completed') throw new Error(JSON.stringify(ended));
  }

  /** Begins a command in the background, in a session of its own where that is not there yet. */
  async shell(session: string, command: string): Promise<TaskRecord> {
    await this.client.sessions.create({ session_id: session });
    await this.calls(session, ['bash', { command, run_in_background: true }]);
    const { items } = await this.client.tasks.list(session, { limit: 100 });
    const task = items.at(-1);
    if (task?.kind !== 'shell') throw new Error(JSON.stringify(items));
    return task;
  }

  /** The task once it has printed this text. */
  async printed(task: TaskRecord, text: string): Promise<void> {
    await until(`${text} in the output`, async () => {
      const output = await this.client.tasks.output(task.session_id, task.id, { full: true });
      return output.output_text.includes(text) || undefined;
    });
  }

  get outputFiles(): string[] {
    return readdirSync(join(this.box.stateRoot, 'tasks'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    this.box[Symbol.dispose]();
  }
}

/** Processes whose command line has the word. */
export function living(word: string): string[] {
  return globSync('/proc/[0-9]*/cmdline').filter((file) => {
    try {
      return readFileSync(file, 'utf8').includes(word);
    } catch {
      return false;
    }
  });
}
