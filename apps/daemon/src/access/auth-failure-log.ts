import type { Redactor } from '@kheish/auth-store';
import type { AuthFailure } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import type { DaemonLog } from '../lifecycle/daemon-options.ts';

/** Notes beyond this are dropped while the disk does not take them. */
const MAX_WAITING = 1_000;

/** Keeps who was not let in, behind the answers: what comes while a commit is under way goes into the next. */
export class AuthFailureLog {
  readonly #store: Store;
  readonly #redactor: Pick<Redactor, 'redact'>;
  readonly #log: DaemonLog;
  #waiting: AuthFailure[] = [];
  #writing: Promise<void> | undefined;

  constructor(store: Store, redactor: Pick<Redactor, 'redact'>, log: DaemonLog) {
    this.#store = store;
    this.#redactor = redactor;
    this.#log = log;
  }

  note(failure: AuthFailure): void {
    if (this.#waiting.length >= MAX_WAITING) return;
    const { event, path, origin, reason, remote_addr } = failure;
    if (event.endsWith('_rate_limited')) {
      this.#log.warn(
        { event, reason, remote_addr },
        'many are not let in; `tokens failures` lists them',
      );
    }
    this.#waiting.push({
      ...failure,
      path: this.#redactor.redact(path),
      ...(origin !== undefined && { origin: this.#redactor.redact(origin) }),
    });
    this.#writing ??= this.#write();
  }

  /** Resolves when everything that was noted is on disk, or was given up. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(): Promise<void> {
    while (this.#waiting.length > 0) {
      const failures = this.#waiting;
      this.#waiting = [];
      try {
        await this.#store.commit({
          load: {},
          decide: (state) => state.noteAuthFailures(failures),
        });
      } catch (error) {
        const facts = { err: error, lost: failures.length };
        this.#log.warn(facts, 'who was not let in could not be recorded');
      }
    }
    this.#writing = undefined;
  }
}
