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
  closeGraceMs: 1_000,
};
