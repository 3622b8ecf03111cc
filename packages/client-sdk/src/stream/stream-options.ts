/** From where a stream is followed, and for how long. */
export interface StreamOptions {
  /** The stream begins after this event id; `0`: at the oldest event that is kept. */
  readonly cursor?: string | undefined;
  /** Ends the stream quietly. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without contact after which the stream gives up; 15 000 when absent. */
  readonly graceMs?: number | undefined;
}
