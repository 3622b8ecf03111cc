import {
  KheishError,
  type ProcessIdentity,
  type RunError,
  type RunState,
  type ToolContext,
  endsRun,
  toKheishError,
} from '@kheish/core-model';
import type { BlobRow, RecordedRow, WorkingState } from '@kheish/state-store';
import { beginAction } from '../decide/begin-action.ts';
import { runError } from '../decide/end-failed.ts';
import type { Rules } from '../decide/rules.ts';
import { type CompactionOutcome, settleCompaction } from '../decide/settle-compaction.ts';
import { type ModelOutcome, settleModelCall } from '../decide/settle-model-call.ts';
import { type ToolOutcome, settleToolCall } from '../decide/settle-tool-call.ts';
import type { SessionTasks } from '../tasks/session-tasks.ts';
import { type PreparedCompaction, performCompaction } from './compaction-call.ts';
import { diskRetryMs, isPassing } from './disk-retry.ts';
import type { Intent } from './intent.ts';
import { type ModelCallPorts, performModelCall } from './model-call.ts';
import {
  type KeepText,
  type ReadPatiently,
  brokenToolCall,
  performToolCall,
  stoppedToolCall,
} from './tool-call.ts';

export interface EffectLog {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

interface EffectPorts {
  /** Commands that outlive their calls. */
  readonly tasks: SessionTasks;
}

/** Milliseconds that what was dropped has to come to its end. */
const DROP_GRACE_MS = 1_000;

/**
 * Follows the journal and does what it intends: every intent of this incarnation is performed once and its
 * outcome committed. A stop request aborts what the run has under way.
 */
export class RunEffects {
  readonly #ports: ModelCallPorts & EffectPorts;
  readonly #rules: Rules;
  readonly #log: EffectLog;
  readonly #stops = new Map<string, AbortController>();
  readonly #underWay = new Map<string, Promise<void>>();
  readonly #dropped = new AbortController();
  #draining = false;

  constructor(ports: ModelCallPorts & EffectPorts, rules: Rules, log: EffectLog) {
    this.#ports = ports;
    this.#rules = rules;
    this.#log = log;
  }

  follow(rows: readonly RecordedRow[]): void {
    for (const row of rows) {
      if (row.run_id === undefined) continue;
      if (row.type === 'action_intended') this.#begin(JSON.parse(row.body) as Intent);
      else if (row.type === 'run_recovered') this.#resume(row.run_id);
      else if (row.type === 'run_stop_requested') this.#stops.get(row.run_id)?.abort();
      else if (endsRun(row.type)) this.#stops.delete(row.run_id);
    }
  }

  /** Begins nothing more; what is under way gets `timeoutMs`, then it is dropped and repeated at the next start. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    await this.#allOver(timeoutMs);
    this.#dropped.abort(new Error('the daemon is stopping'));
    // A tool that is deaf to its signal must not keep the daemon from stopping; its outcome is not stored any more.
    await this.#allOver(DROP_GRACE_MS);
  }

  /** Waits until nothing is under way, but no longer than `timeoutMs`. */
  async #allOver(timeoutMs: number): Promise<void> {
    const timer = new AbortController();
    const late = this.#ports.clock.sleep(timeoutMs, timer.signal).catch(() => undefined);
    await Promise.race([Promise.allSettled(this.#underWay.values()), late]);
    timer.abort();
  }

  /** At once where it can be read: a stop request that follows must find what it stops. */
  #resume(runId: string): void {
    try {
      this.#beginOpen(this.#ports.store.read.run(runId));
    } catch {
      const read = () => Promise.resolve(this.#ports.store.read.run(runId));
      const resumed = this.#whenDiskTakesIt({ run_id: runId }, this.#dropped.signal, read).then(
        (run) => this.#beginOpen(run),
        (error: unknown) => this.#report({ run_id: runId }, error),
      );
      this.#underWay.set(
        runId,
        resumed.finally(() => this.#underWay.delete(runId)),
      );
    }
  }

  #beginOpen(run: RunState | undefined): void {
    for (const action of run?.open_actions ?? []) this.#begin(intentOf(run as RunState, action));
    if (run?.stop !== undefined) this.#stops.get(run.run_id)?.abort();
  }

  #begin(intent: Intent): void {
    const { action_id: actionId, run_id: runId } = intent;
    if (this.#draining || this.#underWay.has(actionId)) return;
    const stop = this.#stops.get(runId) ?? new AbortController();
    this.#stops.set(runId, stop);
    const performed = this.#perform(intent, stop.signal)
      .catch((error: unknown) => this.#giveUp(intent, error))
      .catch((error: unknown) => this.#report(intent, error))
      .finally(() => this.#underWay.delete(actionId));
    this.#underWay.set(actionId, performed);
  }

  async #perform(intent: Intent, stop: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([stop, this.#dropped.signal]);
    if (intent.kind === 'model_call') await this.#modelCall(intent, stop, signal);
    else if (intent.kind === 'compaction') await this.#compaction(intent, stop, signal);
    else await this.#toolCall(intent, stop, signal);
  }

  async #modelCall(intent: Intent, stop: AbortSignal, signal: AbortSignal): Promise<void> {
    const ports = { ...this.#ports, ...this.#patient(intent, signal) };
    const { outcome, blobs } = await performModelCall(intent, signal, ports).catch(
      (thrown: unknown): { outcome: ModelOutcome; blobs: readonly BlobRow[] } => {
        this.#dropped.signal.throwIfAborted();
        if (stop.aborted) return { outcome: { outcome: 'aborted' }, blobs: [] };
        const error = this.#shownError(intent, thrown, 'a model call broke');
        return { outcome: { outcome: 'failed', error }, blobs: [] };
      },
    );
    await this.#settleModelCall(intent, outcome, blobs);
  }

  async #compaction(intent: Intent, stop: AbortSignal, signal: AbortSignal): Promise<void> {
    const ports = {
      ...this.#ports,
      ...this.#patient(intent, signal),
      rules: this.#rules,
      shownError: (thrown: unknown) => this.#shownError(intent, thrown, 'a summary broke'),
    };
    const { outcome, blobs } = await performCompaction(intent, signal, ports).catch(
      (thrown: unknown): PreparedCompaction => {
        this.#dropped.signal.throwIfAborted();
        if (stop.aborted) return { outcome: { outcome: 'aborted' }, blobs: [] };
        throw thrown;
      },
    );
    await this.#settleCompaction(intent, outcome, blobs);
  }

  /** What an operator may see of what went wrong; what is no problem of the provider is logged. */
  #shownError({ run_id }: Intent, thrown: unknown, what: string): RunError {
    const error = toKheishError(thrown, 'runs/internal_error');
    if (error !== thrown) this.#log.error({ run_id, err: thrown }, what);
    const { detail, ...names } = runError(error);
    return { ...names, detail: this.#ports.redactor.redact(detail) };
  }

  async #toolCall(intent: Intent, stop: AbortSignal, signal: AbortSignal): Promise<void> {
    const begin = async (process?: ProcessIdentity) => {
      await this.#settle(intent, [], (state) =>
        beginAction(state, intent.run_id, intent.action_id, process, this.#rules),
      );
      this.#ports.reach?.('tool.started');
    };
    const ports = {
      ...this.#ports,
      ...this.#patient(intent, signal),
      rules: this.#rules,
      begin,
      background: this.#background(intent, signal),
    };
    const { outcome, blobs } = await performToolCall(intent, signal, ports).catch(
      (thrown: unknown) => {
        this.#dropped.signal.throwIfAborted();
        if (!stop.aborted) throw thrown;
        return { outcome: stoppedToolCall(intent, thrown), blobs: [] };
      },
    );
    await this.#settleToolCall(intent, outcome, blobs);
  }

  /** The call begins, and the task is there, by one commit. */
  #background(intent: Intent, signal: AbortSignal): ToolContext['background'] {
    const { session_id, run_id, action_id } = intent;
    return (command) =>
      this.#ports.tasks.begin(
        { session_id, run_id, action_id, signal },
        command,
        (process, blobs, record) =>
          this.#settle(intent, blobs, (state) => {
            beginAction(state, run_id, action_id, process, this.#rules);
            record(state);
          }),
      );
  }

  #settleModelCall(intent: Intent, outcome: ModelOutcome, blobs: readonly BlobRow[]) {
    return this.#settleOutcome(intent, blobs, (state) =>
      settleModelCall(state, intent.run_id, intent.action_id, outcome, this.#rules),
    );
  }

  #settleCompaction(intent: Intent, outcome: CompactionOutcome, blobs: readonly BlobRow[]) {
    return this.#settleOutcome(intent, blobs, (state) =>
      settleCompaction(state, intent.run_id, intent.action_id, outcome, this.#rules),
    );
  }

  #settleToolCall(intent: Intent, outcome: ToolOutcome, blobs: readonly BlobRow[]) {
    return this.#settleOutcome(intent, blobs, (state) =>
      settleToolCall(state, intent.run_id, intent.action_id, outcome, this.#rules),
    );
  }

  /** A bug of ours must not leave a run open for ever: its effect ends as failed. */
  async #giveUp(intent: Intent, thrown: unknown): Promise<void> {
    this.#report(intent, thrown);
    const fenced = thrown instanceof KheishError && thrown.code === 'runs/fenced';
    if (this.#dropped.signal.aborted || fenced) return;
    const error = runError(
      new KheishError('runs/internal_error', 'The daemon broke in this step.'),
    );
    if (intent.kind === 'model_call') {
      await this.#settleModelCall(intent, { outcome: 'failed', error }, []);
    } else if (intent.kind === 'compaction') {
      await this.#settleCompaction(intent, { outcome: 'failed', error }, []);
    } else await this.#settleToolCall(intent, brokenToolCall(intent, error), []);
  }

  #report({ run_id, action_id }: { run_id: string; action_id?: string }, thrown: unknown): void {
    if (this.#dropped.signal.aborted) return;
    const facts = { run_id, ...(action_id !== undefined && { action_id }), err: thrown };
    this.#log.error(facts, 'an effect could not be settled');
  }

  /** What became of an action; where its run is to stop, not before the commands that it began are dead. */
  async #settleOutcome(
    intent: Intent,
    blobs: readonly BlobRow[],
    decide: (state: WorkingState) => void,
  ): Promise<void> {
    const { tasks } = this.#ports;
    const { run_id: runId } = intent;
    for (;;) {
      const isSettled = await this.#settle(intent, blobs, (state) => {
        if (state.run(runId)?.stop !== undefined && tasks.hasRun(runId)) return false;
        decide(state);
        return true;
      });
      if (isSettled) return;
      await tasks.endRun(runId);
    }
  }

  #settle<R>(
    intent: Intent,
    blobs: readonly BlobRow[],
    decide: (state: WorkingState) => R,
  ): Promise<R> {
    const load = { session: intent.session_id, run: intent.run_id, admission: true } as const;
    const commit = () => this.#ports.store.commit({ load, decide, blobs });
    return this.#whenDiskTakesIt(intent, this.#dropped.signal, commit);
  }

  /** What an effect has of the store: reads and texts that wait until the disk is well. */
  #patient(
    intent: Intent,
    signal: AbortSignal,
  ): { read: ReadPatiently; keep: KeepText; keepApart: KeepText } {
    const { blobs } = this.#ports.store;
    const keep = (text: string, inlineBytes?: number) =>
      this.#whenDiskTakesIt(intent, signal, () =>
        blobs.prepare(intent.session_id, text, inlineBytes),
      );
    return {
      read: (read) => this.#whenDiskTakesIt(intent, signal, async () => read()),
      keep: (text) => keep(text),
      keepApart: (text) => keep(text, 0),
    };
  }

  /** A run is not given up because the disk is full or busy: it waits. */
  async #whenDiskTakesIt<T>(
    { run_id }: { run_id: string },
    signal: AbortSignal,
    attempt: () => Promise<T>,
  ): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isPassing(error) || signal.aborted) throw error;
        if (tries === 1)
          this.#log.warn({ run_id, detail: error.message }, 'a run waits for the store');
        await this.#ports.clock.sleep(diskRetryMs(tries), signal);
      }
    }
  }
}

function intentOf(run: RunState, action: RunState['open_actions'][number]): Intent {
  return {
    type: 'action_intended',
    session_id: run.session_id,
    run_id: run.run_id,
    step: run.step,
    ...action,
  };
}
