import { type StreamEvent, endsRun } from '@kheish/client-sdk';

/** Which runs the stream has seen end; a run may end before anybody asks for it. */
export class EndedRuns {
  readonly #ended = new Set<string>();
  readonly #waiting = new Map<string, PromiseWithResolvers<void>>();
  #failure: { readonly error: unknown } | undefined;

  get failed(): boolean {
    return this.#failure !== undefined;
  }

  note(event: StreamEvent): void {
    if (!('run_id' in event) || !endsRun(event.type)) return;
    this.#ended.add(event.run_id);
    this.#waiting.get(event.run_id)?.resolve();
  }

  /** The stream is lost: nothing more will be seen. */
  fail(error: unknown): void {
    this.#failure = { error };
    for (const { reject } of this.#waiting.values()) reject(error);
  }

  /** Resolves once the run is over; rejects when the stream is lost. */
  async of(runId: string): Promise<void> {
    if (this.#ended.has(runId)) return;
    if (this.#failure !== undefined) throw this.#failure.error;
    const waiting = Promise.withResolvers<void>();
    this.#waiting.set(runId, waiting);
    await waiting.promise;
  }
}
