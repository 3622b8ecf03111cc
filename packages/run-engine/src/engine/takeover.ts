import {
  type Clock,
  type EventOf,
  KheishError,
  type ProcessIdentity,
  type RunState,
  endsRun,
  isProgress,
} from '@kheish/core-model';
import type { RecordedRow, Store } from '@kheish/state-store';
import { recoverRun } from '../decide/recover-run.ts';
import type { Rules } from '../decide/rules.ts';
import { diskRetryMs } from '../effects/disk-retry.ts';
import type { EffectLog } from '../effects/run-effects.ts';

/** Ends what is left of an action's processes. True: all are dead; false: that could not be established. */
export type EndProcesses = (identity: ProcessIdentity, actionId: string) => Promise<boolean>;

/**
 * Takes over the runs that earlier starts left running, some at a time, so that a restart does not make all of their
 * calls at once. Until its turn a run belongs to the start that executed it last, and no other crash is laid to its
 * charge. Runs that went down with the daemon twice go on one by one: the next crash is blamed on one of them only.
 */
export class Takeover {
  readonly #store: Store;
  readonly #rules: Rules;
  readonly #clock: Clock;
  readonly #log: EffectLog;
  readonly #endProcesses: EndProcesses;
  readonly #stopped = new AbortController();
  /** Not taken over yet, oldest first. */
  readonly #waiting = new Map<string, RunState>();
  /** Taken over, and without progress since; `suspect` or not. */
  readonly #underWay = new Map<string, boolean>();

  constructor(options: {
    store: Store;
    rules: Rules;
    clock: Clock;
    log: EffectLog;
    endProcesses: EndProcesses;
  }) {
    this.#store = options.store;
    this.#rules = options.rules;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#endProcesses = options.endProcesses;
  }

  /** Resolves with the number of runs that were left, when the first of them are taken over. */
  async begin(): Promise<number> {
    const left = this.#store.read.runningRuns();
    for (const run of left) this.#waiting.set(run.run_id, run);
    const ending = left.filter((run) => run.stop !== undefined || this.#isExhausted(run));
    for (const run of ending) this.#waiting.delete(run.run_id);
    await Promise.all([...ending, ...this.#next()].map((run) => this.#takeOrWait(run)));
    return left.length;
  }

  follow(rows: readonly RecordedRow[]): void {
    if (this.#waiting.size === 0) return;
    for (const row of rows) {
      const runId = row.run_id ?? '';
      const moved = this.#underWay.has(runId) && (endsRun(row.type) || madeProgress(row));
      if (moved) this.#underWay.delete(runId);
      if (row.type === 'run_stop_requested') this.#stopAsked(runId);
    }
    for (const run of this.#next()) void this.#takeUntilStored(run);
  }

  /** Takes nothing more over: what waits is left to the next start. */
  stop(): void {
    this.#stopped.abort(new Error('the daemon is stopping'));
    this.#waiting.clear();
  }

  /** What is asked to stop has nothing left to do, so it waits for nobody. */
  #stopAsked(runId: string): void {
    const run = this.#waiting.get(runId);
    if (run === undefined) return;
    this.#waiting.delete(runId);
    void this.#takeUntilStored(run);
  }

  /** Those whose turn it is, taken from those that wait. */
  #next(): RunState[] {
    if (this.#waiting.size === 0) return [];
    const { maxTakeoversAtOnce, maxRunningRuns, maxRunningRunsPerRoute } = this.#rules.limits;
    const executed = this.#executedByRoute();
    let total = [...executed.values()].reduce((sum, count) => sum + count, 0);
    const chosen: RunState[] = [];
    for (const run of this.#waiting.values()) {
      if (total >= maxRunningRuns || this.#underWay.size >= maxTakeoversAtOnce) break;
      const route = run.route.route_id;
      const onRoute = executed.get(route) ?? 0;
      const suspect = this.#isSuspect(run);
      if (onRoute >= maxRunningRunsPerRoute) continue;
      if (suspect && [...this.#underWay.values()].includes(true)) continue;
      total += 1;
      executed.set(route, onRoute + 1);
      this.#underWay.set(run.run_id, suspect);
      chosen.push(run);
    }
    for (const run of chosen) this.#waiting.delete(run.run_id);
    return chosen;
  }

  /** Running runs that do not wait to be taken over. */
  #executedByRoute(): Map<string, number> {
    const counts = new Map(this.#store.read.runningByRoute());
    for (const { route } of this.#waiting.values()) {
      counts.set(route.route_id, (counts.get(route.route_id) ?? 0) - 1);
    }
    return counts;
  }

  #isSuspect(run: RunState): boolean {
    return run.recoveries > 0 && this.#wentDown(run);
  }

  #isExhausted(run: RunState): boolean {
    return run.recoveries + 1 >= this.#rules.limits.maxRecoveries && this.#wentDown(run);
  }

  /** The start that executed it last ended by a crash. */
  #wentDown({ incarnation = 0 }: RunState): boolean {
    return !this.#store.read.stoppedInOrder(incarnation);
  }

  async #take(run: RunState): Promise<void> {
    const { session_id: session, run_id: runId } = run;
    const left = { afterCrash: this.#wentDown(run), deathUnproven: await this.#reap(run) };
    await this.#store.commit({
      load: { session, run: runId, admission: true },
      decide: (state) => recoverRun(state, runId, left, this.#rules),
    });
  }

  /** A ledger that cannot be written keeps the run as it is, not the daemon from starting. */
  async #takeOrWait(run: RunState): Promise<void> {
    try {
      await this.#take(run);
    } catch (error) {
      if (!(error instanceof KheishError) || error.code !== 'audit/ledger_unavailable') throw error;
      void this.#takeUntilStored(run);
    }
  }

  /** Ends processes of the run that outlived their daemon. Gives the actions of which some may still live. */
  async #reap({ open_actions: actions }: RunState): Promise<ReadonlySet<string>> {
    const alive = new Set<string>();
    for (const { action_id: actionId, process } of actions) {
      if (process === undefined) continue;
      if (!(await this.#endProcesses(process, actionId))) alive.add(actionId);
    }
    return alive;
  }

  async #takeUntilStored(run: RunState): Promise<void> {
    const { signal } = this.#stopped;
    for (let tries = 1; !signal.aborted; tries += 1) {
      try {
        return await this.#take(run);
      } catch (error) {
        const facts = { run_id: run.run_id, err: error };
        this.#log.warn(facts, 'a run could not be taken over, and is tried again');
        await this.#clock.sleep(diskRetryMs(tries), signal).catch(() => undefined);
      }
    }
  }
}

function madeProgress(row: RecordedRow): boolean {
  if (row.type !== 'action_settled') return false;
  return isProgress((JSON.parse(row.body) as EventOf<'action_settled'>).outcome);
}
