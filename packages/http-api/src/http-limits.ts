/** Bounds of the HTTP surface. */
export interface HttpLimits {
  /** Largest request body, in bytes. */
  readonly bodyBytes: number;
  /** Deepest nesting of a JSON body. */
  readonly jsonDepth: number;
  /** A live stream with more unsent bytes than this is cut; a replay reads so many ahead. */
  readonly streamBacklogBytes: number;
  /** A stream whose reader takes nothing of what waits for it is cut after this time. */
  readonly streamStallMs: number;
  /** Events read from the feed at a time. */
  readonly replayPageRows: number;
  readonly heartbeatMs: number;
  /** Connections at a time, streams among them; more are dropped as they come. */
  readonly connections: number;
  /** How long the head of a request may take; a connection that sends none counts too. */
  readonly headersTimeoutMs: number;
  /** How long a request may take from its first byte to its last. */
  readonly requestTimeoutMs: number;
  /** A connection on which nothing moves in either direction ends. Longer than `heartbeatMs`, so that streams live. */
  readonly idleTimeoutMs: number;
  /** How long a connection is kept after an answer for the next request. */
  readonly keepAliveMs: number;
  /** How long `close` waits for answers under way before it destroys their sockets. */
  readonly closeGraceMs: number;
}

export const defaultHttpLimits: HttpLimits = {
  bodyBytes: 4 * 1_024 * 1_024,
  jsonDepth: 64,
  streamBacklogBytes: 1_024 * 1_024,
  streamStallMs: 30_000,
  replayPageRows: 256,
  heartbeatMs: 10_000,
  connections: 2_048,
  headersTimeoutMs: 15_000,
  requestTimeoutMs: 60_000,
  idleTimeoutMs: 120_000,
  keepAliveMs: 5_000,
  closeGraceMs: 1_000,
};
