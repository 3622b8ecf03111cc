import type { Clock, EventOf, RunState } from '@kheish/core-model';
import type { RecordedRow, Store } from '@kheish/state-store';
import { expireQuestion } from '../decide/questions.ts';
import { expireApproval } from '../decide/request-approval.ts';
import type { Rules } from '../decide/rules.ts';
import { diskRetryMs } from '../effects/disk-retry.ts';
import type { EffectLog } from '../effects/run-effects.ts';

interface Deadline {
  readonly kind: 'approval' | 'question';
  readonly sessionId: string;
  readonly runId: string;
  readonly requestId: string;
  readonly atMs: number;
}

/** Milliseconds that one look ahead lasts: a clock that is set meanwhile is noticed by the next. */
const LONGEST_SLEEP_MS = 60_000;

/** Runs read at once when the daemon starts. */
const PAGE = 500;

/** Ends requests that nobody answers in time, also those whose time ran out while no daemon ran. */
export class Deadlines {
  readonly #store: Store;
  readonly #rules: Rules;
  readonly #clock: Clock;
  readonly #log: EffectLog;
  readonly #open = new Map<string, Deadline>();
  readonly #stopped = new AbortController();
  #nap = new AbortController();
  #watching = false;

  constructor(options: { store: Store; rules: Rules; clock: Clock; log: EffectLog }) {
    this.#store = options.store;
    this.#rules = options.rules;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Finds what earlier starts left open. */
  begin(): void {
    let after = 0;
    for (;;) {
      const page = this.#store.read.askingRuns({ after, limit: PAGE });
      for (const { run, position } of page) {
        after = position;
        this.#addAll(run);
      }
      if (page.length < PAGE) return;
    }
  }

  follow(rows: readonly RecordedRow[]): void {
    for (const { type, body } of rows) {
      if (type === 'approval_requested' || type === 'question_requested') {
        const event = JSON.parse(body) as EventOf<typeof type>;
        const { session_id: sessionId, run_id: runId, request } = event;
        const kind = type === 'approval_requested' ? 'approval' : 'question';
        this.#add({ kind, sessionId, runId, requestId: request.id, atMs: request.expires_at_ms });
      }
    }
  }

  stop(): void {
    this.#stopped.abort(new Error('the daemon is stopping'));
    this.#nap.abort(this.#stopped.signal.reason);
  }

  #addAll({ session_id: sessionId, run_id: runId, approvals, questions }: RunState): void {
    for (const { id: requestId, expires_at_ms: atMs } of approvals) {
      this.#add({ kind: 'approval', sessionId, runId, requestId, atMs });
    }
    for (const { id: requestId, expires_at_ms: atMs } of questions) {
      this.#add({ kind: 'question', sessionId, runId, requestId, atMs });
    }
  }

  #add(request: Omit<Deadline, 'atMs'> & { atMs: number | undefined }): void {
    const { atMs } = request;
    if (atMs === undefined || this.#stopped.signal.aborted) return;
    this.#open.set(request.requestId, { ...request, atMs });
    if (this.#watching) this.#nap.abort(new Error('another deadline'));
    else void this.#watch();
  }

  /** Runs only while something has a deadline. */
  async #watch(): Promise<void> {
    this.#watching = true;
    let tries = 0;
    while (this.#open.size > 0 && !this.#stopped.signal.aborted) {
      const failed = !(await this.#expireDue());
      tries = failed ? tries + 1 : 0;
      await this.#sleep(failed ? diskRetryMs(tries) : this.#untilNext());
    }
    this.#watching = false;
  }

  async #sleep(ms: number): Promise<void> {
    this.#nap = new AbortController();
    if (this.#stopped.signal.aborted) return;
    await this.#clock.sleep(ms, this.#nap.signal).catch(() => undefined);
  }

  #untilNext(): number {
    const next = Math.min(...[...this.#open.values()].map(({ atMs }) => atMs));
    return Math.max(0, Math.min(next - this.#clock.now(), LONGEST_SLEEP_MS));
  }

  /** False: the disk did not take one of them, and it is to be tried again. */
  async #expireDue(): Promise<boolean> {
    const now = this.#clock.now();
    const due = [...this.#open.values()].filter(({ atMs }) => atMs <= now);
    const ended = await Promise.all(due.map((deadline) => this.#expire(deadline)));
    return !ended.includes(false);
  }

  async #expire({ kind, sessionId, runId, requestId }: Deadline): Promise<boolean> {
    const expire = kind === 'approval' ? expireApproval : expireQuestion;
    try {
      await this.#store.commit({
        load: { session: sessionId, run: runId, admission: true },
        decide: (state) => expire(state, runId, requestId, this.#rules),
      });
    } catch (error) {
      this.#log.warn(
        { run_id: runId, err: error },
        'a request could not be ended, and is tried again',
      );
      return false;
    }
    const run = this.#store.read.run(runId);
    const stillOpen = [...(run?.approvals ?? []), ...(run?.questions ?? [])];
    // A run that waits to be taken over keeps its requests until it is.
    if (stillOpen.some(({ id }) => id === requestId)) return false;
    this.#open.delete(requestId);
    return true;
  }
}
