import { type StreamEvent, endsRun } from '@kheish/client-sdk';

/** Which runs the stream has seen end or wait for a person; that may be before anybody asks. */
export class RunsSeen {
  readonly #ended = new Set<string>();
  readonly #suspended = new Set<string>();
  #news = Promise.withResolvers<void>();
  #failure: { readonly error: unknown } | undefined;

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  note(event: StreamEvent): void {
    if (!('run_id' in event)) return;
    if (event.type === 'run_resumed') this.#suspended.delete(event.run_id);
    if (event.type === 'run_suspended') this.#suspended.add(event.run_id);
    else if (endsRun(event.type)) this.#ended.add(event.run_id);
    else return;
    this.#news.resolve();
    this.#news = Promise.withResolvers();
  }

  /** The stream is lost: nothing more will be seen. */
  fail(thrown: unknown): void {
    this.#failure = { error: thrown };
    // Perhaps nobody waits for it.
    this.#news.promise.catch(() => undefined);
    this.#news.reject(thrown);
  }

  hasEnded(runId: string): boolean {
    return this.#ended.has(runId);
  }

  isSuspended(runId: string): boolean {
    return this.#suspended.has(runId);
  }

  /** Resolves when the next run ends or waits for a person; rejects when the stream is lost. */
  async news(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure.error;
    await this.#news.promise;
  }
}
