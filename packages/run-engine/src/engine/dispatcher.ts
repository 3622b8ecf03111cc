import type { Clock } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import type { Rules } from '../decide/rules.ts';
import { startQueuedRun } from '../decide/start-run.ts';
import type { Awaited } from '../decide/waiting-line.ts';
import { diskRetryMs } from '../effects/disk-retry.ts';
import type { EffectLog } from '../effects/run-effects.ts';

/** Starts runs that wait although their session is idle: the daemon had no room when they came. */
export class Dispatcher {
  readonly #store: Store;
  readonly #rules: Rules;
  readonly #clock: Clock;
  readonly #log: EffectLog;
  readonly #stopped = new AbortController();
  #working: Promise<void> | undefined;
  /** Room was freed since the work under way last looked. */
  #asked = false;

  constructor(options: { store: Store; rules: Rules; clock: Clock; log: EffectLog }) {
    this.#store = options.store;
    this.#rules = options.rules;
    this.#clock = options.clock;
    this.#log = options.log;
  }

  /** Room was freed, or somebody joined. Resolves when those who waited for it have begun, or there is no room left. */
  dispatch(): Promise<void> {
    if (this.#rules.line.isEmpty || this.#stopped.signal.aborted) return Promise.resolve();
    this.#asked = true;
    return (this.#working ??= this.#work());
  }

  /** Begins nothing more. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the daemon is stopping'));
    await this.#working;
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopped;
    let tries = 0;
    while (this.#asked && !signal.aborted) {
      this.#asked = false;
      try {
        await this.#startReady();
        tries = 0;
      } catch (error) {
        this.#asked = true;
        tries += 1;
        if (tries === 1) {
          this.#log.warn({ err: error }, 'queued runs could not be started, and are tried again');
        }
        await this.#clock.sleep(diskRetryMs(tries), signal).catch(() => undefined);
      }
    }
    // Not in a `finally` of the promise: between the last look at `#asked` and this nobody may ask.
    this.#working = undefined;
  }

  async #startReady(): Promise<void> {
    const { feed } = this.#store;
    const { line } = this.#rules;
    for (;;) {
      const head = feed.head();
      line.startCalling();
      const { called, left } = this.#call();
      await Promise.all(
        called.map((session) =>
          this.#store.commit({
            load: { session, admission: true },
            decide: (state) => startQueuedRun(state, session, this.#rules, true),
          }),
        ),
      );
      // Only now: until those who were called have begun, nobody may pass them.
      line.endCalling(left);
      // Whoever took the room instead has moved the journal too; where nothing moved, nothing more can begin.
      if (feed.head() === head) return;
    }
  }

  /** The oldest that wait for what there is room for, and what the others may wait for. */
  #call(): { called: string[]; left: Awaited[] } {
    const { read } = this.#store;
    const { maxRunningRuns, maxRunningRunsPerRoute } = this.#rules.limits;
    let room = maxRunningRuns;
    const fullRoutes: string[] = [];
    for (const [routeId, count] of read.runningByRoute()) {
      room -= count;
      if (count >= maxRunningRunsPerRoute) fullRoutes.push(routeId);
    }
    if (room <= 0) return { called: [], left: [undefined] };
    const called = read.readySessions({ limit: room, fullRoutes });
    return { called, left: called.length < room ? fullRoutes : [undefined] };
  }
}
