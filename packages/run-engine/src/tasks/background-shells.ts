import {
  type BackgroundCommand,
  type BackgroundProcess,
  type Clock,
  type EventOf,
  type HeldCommand,
  KheishError,
  type NewId,
  type ProcessIdentity,
  type ShellReport,
  type TaskState,
} from '@kheish/core-model';
import type { BlobRow, RecordedRow, Store, WorkingState } from '@kheish/state-store';
import { diskRetryMs, isPassing } from '../effects/disk-retry.ts';
import type { EffectLog } from '../effects/run-effects.ts';
import type { EndProcesses } from '../engine/takeover.ts';
import { excerptOf, wholeText } from './output-text.ts';
import { settleShell, startShell } from './shell-decisions.ts';

/** The call that begins a command. */
export interface BeginningCall {
  readonly session_id: string;
  readonly run_id: string;
  readonly action_id: string;
  readonly signal: AbortSignal;
}

/** Commits that the call begins, by this process, together with what `decide` records. */
export type CommitBeginning = (
  process: ProcessIdentity | undefined,
  blobs: readonly BlobRow[],
  decide: (state: WorkingState) => void,
) => Promise<void>;

export interface ShellPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly newId: NewId;
  readonly log: EffectLog;
  readonly incarnation: number;
  readonly endProcesses: EndProcesses;
  readonly limits?: Partial<ShellLimits>;
}

export interface ShellLimits {
  /** Commands that run in the background at once. */
  readonly maxShells: number;
  readonly maxShellsPerSession: number;
}

const defaultLimits: ShellLimits = { maxShells: 64, maxShellsPerSession: 16 };
const TITLE_CHARACTERS = 200;

interface LiveShell {
  readonly taskId: string;
  readonly sessionId: string;
  readonly runId: string;
  /** Absent until it is released. */
  process?: BackgroundProcess;
  stop?: string;
  /** Resolves when it is settled, or never began. */
  readonly over: PromiseWithResolvers<void>;
}

/**
 * The commands that run in the background. Each is a task of its session: on disk before it begins, settled when all
 * of its processes are dead, and ended with the daemon at the latest.
 */
export class BackgroundShells {
  readonly #ports: ShellPorts;
  readonly #limits: ShellLimits;
  readonly #live = new Map<string, LiveShell>();
  readonly #closed = new AbortController();

  constructor(ports: ShellPorts) {
    this.#ports = ports;
    this.#limits = { ...defaultLimits, ...ports.limits };
  }

  /** Resolves with the id of the task when the command has begun. Where it rejects nothing has. */
  async begin(
    call: BeginningCall,
    background: BackgroundCommand,
    commit: CommitBeginning,
  ): Promise<{ task_id: string }> {
    const { session_id: sessionId, signal } = call;
    this.#requireRoom(sessionId);
    const { store, newId, incarnation } = this.#ports;
    const taskId = newId('task');
    const shell: LiveShell = {
      taskId,
      sessionId,
      runId: call.run_id,
      over: Promise.withResolvers(),
    };
    this.#live.set(taskId, shell);
    let held: HeldCommand | undefined;
    try {
      held = await background.hold(store.taskOutput.place(taskId));
      const { body, blobs } = await store.blobs.prepare(sessionId, background.command);
      signal.throwIfAborted();
      this.#closed.signal.throwIfAborted();
      const { identity } = held;
      await commit(identity, blobs, (state) =>
        startShell(state, {
          sessionId,
          taskId,
          agentId: state.run(call.run_id)?.agent_id ?? '',
          call: { run_id: call.run_id, action_id: call.action_id },
          title: titleOf(background.command),
          description: background.description ?? '',
          command: body,
          incarnation,
          ...(identity !== undefined && { process: identity }),
        }),
      );
    } catch (error) {
      await held?.drop();
      store.taskOutput.remove(taskId);
      this.#forget(shell);
      throw error;
    }
    try {
      await background.lastLook();
    } catch (error) {
      await held.drop();
      const report = { death: 'proven', stopped: 'not_begun' } as const;
      await this.#settleShell(shell, { ...report, output: { total: 0 } });
      throw error;
    }
    shell.process = held.release();
    if (shell.stop !== undefined) void shell.process.stop(shell.stop);
    void shell.process.exit.then((report) => this.#settleShell(shell, report));
    return { task_id: taskId };
  }

  /** What the task has printed so far, in bytes; undefined where it does not run. */
  printed(taskId: string): number | undefined {
    const shell = this.#live.get(taskId);
    return shell && (shell.process?.output().total ?? 0);
  }

  follow(rows: readonly RecordedRow[]): void {
    for (const row of rows) {
      if (row.type === 'run_cancelled' || row.type === 'run_interrupted') {
        for (const shell of this.#ofRun(row.run_id ?? '')) stop(shell, 'stopped');
      }
      if (row.type !== 'task_stop_requested') continue;
      const { task_id: taskId } = JSON.parse(row.body) as EventOf<'task_stop_requested'>;
      const shell = this.#live.get(taskId);
      if (shell !== undefined) stop(shell, 'stopped');
    }
  }

  /** Whether commands that the run began are still there. */
  hasRun(runId: string): boolean {
    return this.#ofRun(runId).length > 0;
  }

  /** Stops what the run began; resolves when all of it is dead. */
  async endRun(runId: string): Promise<void> {
    const own = this.#ofRun(runId);
    for (const shell of own) stop(shell, 'stopped');
    await Promise.all(own.map((shell) => shell.over.promise));
  }

  #ofRun(runId: string): LiveShell[] {
    return [...this.#live.values()].filter((shell) => shell.runId === runId);
  }

  /** Resolves when nothing of the session runs any more. */
  async quiet(sessionId: string): Promise<void> {
    const own = [...this.#live.values()].filter((shell) => shell.sessionId === sessionId);
    await Promise.all(own.map((shell) => shell.over.promise));
  }

  /** Ends what earlier starts left running, and settles it with what it had printed. Nothing is taken up again. */
  async recover(): Promise<void> {
    const { store, incarnation } = this.#ports;
    const left = store.read.liveShells().filter((task) => task.incarnation !== incarnation);
    await Promise.all(left.map((task) => this.#reap(task)));
    store.taskOutput.sweep((taskId) => this.#live.has(taskId));
  }

  /** Ends and settles all; nothing begins any more. */
  async close(): Promise<void> {
    this.#closed.abort(new KheishError('readiness/daemon_draining', 'The daemon is going down.'));
    const shells = [...this.#live.values()];
    for (const shell of shells) stop(shell, 'daemon_stopped');
    await Promise.all(shells.map((shell) => shell.over.promise));
  }

  #requireRoom(sessionId: string): void {
    const { maxShells, maxShellsPerSession } = this.#limits;
    const own = [...this.#live.values()].filter((shell) => shell.sessionId === sessionId).length;
    const [count, whose] =
      own >= maxShellsPerSession ? [own, 'session'] : [this.#live.size, 'daemon'];
    if (own < maxShellsPerSession && this.#live.size < maxShells) return;
    throw new KheishError(
      'tasks/too_many_tasks',
      `${count} commands of the ${whose} run in the background. Wait for one, or stop one.`,
    );
  }

  async #settleShell(shell: LiveShell, report: ShellReport): Promise<void> {
    const { taskId, sessionId } = shell;
    try {
      await this.#settle(sessionId, taskId, report, report.output.total);
    } catch (error) {
      const facts = { session_id: sessionId, task_id: taskId, err: error };
      this.#ports.log.error(facts, 'a background task could not be settled');
    } finally {
      this.#forget(shell);
    }
  }

  async #reap(task: TaskState): Promise<void> {
    const { process, call, session_id, task_id } = task;
    const dead = process !== undefined && (await this.#ports.endProcesses(process, call.action_id));
    const report = { death: dead ? 'proven' : 'unproven' } as const;
    await this.#settle(session_id, task_id, report, undefined);
  }

  /** `total`: bytes printed; undefined where only the files tell, of one that an earlier start left. */
  async #settle(
    sessionId: string,
    taskId: string,
    report: Omit<ShellReport, 'output'>,
    total: number | undefined,
  ): Promise<void> {
    const { store } = this.#ports;
    const { bytes, kept, rotations } = store.taskOutput.read(taskId, total, (whole) => whole);
    const text = wholeText(bytes);
    await this.#whenDiskTakesIt(taskId, async () => {
      const { body: output, blobs } = await store.blobs.prepare(sessionId, text);
      await store.commit({
        load: { session: sessionId },
        decide: (state) =>
          settleShell(state, sessionId, taskId, {
            report,
            output,
            excerpt: excerptOf(bytes),
            totalBytes: total ?? kept.until,
            rotations,
            ...(total === undefined && { recovered: true }),
          }),
        blobs,
      });
    });
    store.taskOutput.remove(taskId);
  }

  async #whenDiskTakesIt(taskId: string, attempt: () => Promise<void>): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error) || this.#closed.signal.aborted) throw error;
        if (tries === 1) {
          const facts = { task_id: taskId, detail: error.message };
          this.#ports.log.warn(facts, 'a background task waits for the store');
        }
        await this.#ports.clock.sleep(diskRetryMs(tries), this.#closed.signal);
      }
    }
  }

  #forget(shell: LiveShell): void {
    this.#live.delete(shell.taskId);
    shell.over.resolve();
  }
}

function stop(shell: LiveShell, reason: string): void {
  shell.stop ??= reason;
  void shell.process?.stop(shell.stop);
}

/** The beginning of the line. */
function titleOf(command: string): string {
  const line = command.trim().replaceAll(/\s+/g, ' ');
  if (line.length <= TITLE_CHARACTERS) return line;
  return `${line.slice(0, TITLE_CHARACTERS).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
