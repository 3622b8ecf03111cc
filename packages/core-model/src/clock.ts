/** The only source of time a package may use. */
export interface Clock {
  /** Unix time, in milliseconds. */
  now(): number;
  /** Milliseconds from an arbitrary origin; never goes back. */
  monotonic(): number;
  /** Resolves after `ms` milliseconds; rejects with the signal's reason as soon as it aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** The only source of chance a package may use. */
export interface RandomSource {
  /** `count` bytes from a cryptographic generator. */
  bytes(count: number): Uint8Array;
}
