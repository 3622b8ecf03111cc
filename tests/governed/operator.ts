import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Client,
  type PendingApprovalView,
  type RecordedEvent,
  type RunView,
  createClient,
} from '@kheish/client-sdk';
import {
  type DaemonProcess,
  type DaemonStart,
  type Sandbox,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { type Ended, at, runKheish } from '../harness/kheish-command.ts';
import { all } from '../harness/soundness.ts';

export type ToolCall = readonly [tool: string, input: object];

/** The input that makes the scripted model ask for these calls: each list is one answer of it. */
export function calls(...answers: readonly (readonly ToolCall[])[]): string {
  return answers
    .flatMap((answer) =>
      answer.map(
        ([tool, input], index) =>
          `scripted: ${index === 0 ? 'call' : 'also'} ${tool} ${JSON.stringify(input)}`,
      ),
    )
    .join('\n');
}

export const bash = (command: string, more: object = {}): ToolCall => [
  'bash',
  { command, ...more },
];

/** What the run said in the end: the scripted model repeats what it was told of its calls. */
export const answerOf = (run: RunView): string =>
  run.outputs.map(({ content }) => content).join('');

interface Answered<T> extends Ended {
  readonly json: T;
}

/** A person at the command line, and the daemon that the commands go to. */
export class Operator implements AsyncDisposable {
  readonly box: Sandbox;
  daemon: DaemonProcess;
  #sessions = 0;

  private constructor(box: Sandbox, daemon: DaemonProcess) {
    this.box = box;
    this.daemon = daemon;
  }

  /** `more` is given the roots before the daemon starts. */
  static async start(
    more: (box: Sandbox) => Omit<DaemonStart, 'sandbox'> = () => ({}),
  ): Promise<Operator> {
    const box = sandbox();
    mkdirSync(box.workspaceRoot);
    return new Operator(box, await startDaemon({ sandbox: box, ...more(box) }));
  }

  /** A place in the workspace. */
  readonly place = (name: string): string => join(this.box.workspaceRoot, name);

  remove(name: string): void {
    rmSync(this.place(name));
  }

  get client(): Client {
    return createClient({ baseUrl: this.daemon.url });
  }

  /** A command that must exit by `code`, and what it printed. */
  async command<T = RunView>(args: readonly string[], code = 0, input = ''): Promise<Answered<T>> {
    const env = at(this.daemon);
    const ended = await runKheish(['--output', 'json', ...args], { env, input });
    if (ended.code !== code) {
      throw new Error(`${args.join(' ')} exited ${ended.code}, not ${code}: ${ended.stderr}`);
    }
    return { ...ended, json: JSON.parse(ended.stdout || 'null') as T };
  }

  /** A new session of its own. */
  async session(): Promise<string> {
    const id = `session-${(this.#sessions += 1)}`;
    await this.client.sessions.create({ session_id: id });
    return id;
  }

  /** `sessions input --wait`, which must exit by `code`. */
  async input(session: string, content: string, code = 0): Promise<RunView> {
    return (await this.command(['sessions', 'input', session, content, '--wait'], code)).json;
  }

  /** Submits, and gives the run once it is over or waits for a person. */
  async run(session: string, content: string): Promise<RunView> {
    const { run_id } = await this.client.sessions.submit(session, content);
    return this.blocked(run_id);
  }

  /** The requests of a session that are open. */
  approvals(session: string): Promise<PendingApprovalView[]> {
    return all(this.client.approvals.list({ sessionId: session }));
  }

  async allow(run: RunView): Promise<RunView> {
    const resolutions = (run.pending_approval_ids ?? []).map((request_id) => ({
      request_id,
      behavior: 'allow' as const,
    }));
    await this.client.approvals.resolve(run.run_id, resolutions);
    return this.blocked(run.run_id);
  }

  events(runId: string): Promise<RecordedEvent[]> {
    return all(this.client.runs.events(runId, { limit: 100 }));
  }

  blocked(runId: string): Promise<RunView> {
    return this.client.runs.wait(runId, { timeoutMs: 30_000, untilBlocked: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.daemon[Symbol.asyncDispose]();
    this.box[Symbol.dispose]();
  }
}
