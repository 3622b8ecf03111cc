import {
  type BackgroundCommand,
  type TaskOutputView,
  type TaskRecord,
  isEnded,
} from '@kheish/core-model';
import type { IdempotencyRequest, RecordedRow, WorkingState } from '@kheish/state-store';
import { type Answered, answerOnce } from '../engine/answer-once.ts';
import type { AgentTool } from '../tools/agent-tool.ts';
import { taskView } from '../view/task-view.ts';
import {
  BackgroundShells,
  type BeginningCall,
  type CommitBeginning,
  type ShellPorts,
} from './background-shells.ts';
import { existingTask } from './dependencies.ts';
import { TaskEnds } from './task-ends.ts';
import { type OutputRequest, taskOutput } from './task-output.ts';
import { taskTools } from './task-tools.ts';
import { stopTask } from './todo-decisions.ts';

/** How long a caller that stops a command waits for the proof of its death. */
const STOP_WAIT_MS = 10_000;

export interface OutputWait extends OutputRequest {
  /** Milliseconds to wait for the end of the task. */
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
}

/** What sessions have to do, and what runs for them in the background. */
export class SessionTasks {
  /** The tools by which agents keep tasks. */
  readonly tools: readonly AgentTool[];
  readonly #ports: ShellPorts;
  readonly #shells: BackgroundShells;
  readonly #ends: TaskEnds;

  constructor(ports: ShellPorts) {
    this.#ports = ports;
    this.#shells = new BackgroundShells(ports);
    this.#ends = new TaskEnds(ports.store, ports.clock);
    this.tools = taskTools(ports.store, ports.newId, (sessionId, taskId, wait) =>
      this.output(sessionId, taskId, wait),
    );
  }

  /** Begins a command that outlives its call and its run. */
  begin(call: BeginningCall, command: BackgroundCommand, commit: CommitBeginning) {
    return this.#shells.begin(call, command, commit);
  }

  /** Throws `tasks/task_not_found`. */
  async output(sessionId: string, taskId: string, wait: OutputWait): Promise<TaskOutputView> {
    const { store } = this.#ports;
    const known = () => existingTask(store.read.task(taskId), sessionId, taskId);
    known();
    if (wait.waitMs !== undefined) await this.#ends.wait(taskId, wait.waitMs, wait.signal);
    const task = known();
    const printed = await taskOutput(store, task, this.#shells.printed(taskId), wait);
    const open = wait.waitMs === undefined ? 'not_ready' : 'timeout';
    return { retrieval_status: isEnded(task.status) ? 'success' : open, ...printed };
  }

  /** Stops the task, and waits until it has ended, but for no longer than a few seconds. */
  async stop(
    sessionId: string,
    taskId: string,
    reason: string | undefined,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<TaskRecord>> {
    const { store } = this.#ports;
    const decide = (state: WorkingState) =>
      taskView(stopTask(state, sessionId, taskId, reason), state.openTasks(sessionId));
    const command = { load: { session: sessionId }, decide };
    const answer = await answerOnce(store, command, 202, idempotency);
    if ('replayed' in answer) return answer;
    await this.#ends.wait(taskId, STOP_WAIT_MS);
    const task = store.read.task(taskId);
    if (task === undefined) return answer;
    return { result: taskView(task, store.read.openTasks(sessionId)) };
  }

  /** Whether commands that the run began are still there. */
  hasRun(runId: string): boolean {
    return this.#shells.hasRun(runId);
  }

  /** Stops what the run began; resolves when all of it is dead. */
  endRun(runId: string): Promise<void> {
    return this.#shells.endRun(runId);
  }

  /** Resolves when nothing of the session runs any more; what is to end was asked to before. */
  quiet(sessionId: string): Promise<void> {
    return this.#shells.quiet(sessionId);
  }

  follow(rows: readonly RecordedRow[]): void {
    this.#shells.follow(rows);
    this.#ends.follow(rows);
  }

  /** Settles what an earlier start left running. */
  recover(): Promise<void> {
    return this.#shells.recover();
  }

  /** Ends what runs; nobody waits for the end of a task any longer. */
  async close(): Promise<void> {
    await this.#shells.close();
    this.#ends.close();
  }
}
