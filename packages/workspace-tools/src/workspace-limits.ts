/** Bounds of one call. Reaching one cuts the answer, and the answer says so. */
export interface WorkspaceLimits {
  /** Bytes of UTF-8 in an answer, notes included; at least 1024. */
  readonly maxOutputBytes: number;
  readonly timeoutMs: number;
  /** Bytes read of one file, counted from its beginning; a larger one is not changed. */
  readonly maxFileBytes: number;
  /** Bytes of a content that is written whole, and of a patch. */
  readonly maxContentBytes: number;
  /** Bytes of all files that one call changes, before it. */
  readonly maxChangedBytes: number;
  /** Bytes read of all files by one search. */
  readonly maxSearchBytes: number;
  /** Lines shown by one read. */
  readonly maxLines: number;
  /** UTF-16 units shown of a line that is read. */
  readonly maxLineChars: number;
  /** UTF-16 units of a line that are searched. */
  readonly maxSearchedLineChars: number;
  /** Entries listed, paths found or lines matched. */
  readonly maxResults: number;
  /** Directory entries met by one walk or listing. */
  readonly maxEntries: number;
  /** Directories below each other in one walk. */
  readonly maxDepth: number;
}

export const defaultLimits: WorkspaceLimits = {
  maxOutputBytes: 65_536,
  timeoutMs: 60_000,
  maxFileBytes: 33_554_432,
  maxContentBytes: 16_777_216,
  maxChangedBytes: 67_108_864,
  maxSearchBytes: 268_435_456,
  maxLines: 2000,
  maxLineChars: 2000,
  maxSearchedLineChars: 10_000,
  maxResults: 1000,
  maxEntries: 100_000,
  maxDepth: 64,
};
