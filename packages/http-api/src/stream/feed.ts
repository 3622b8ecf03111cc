import type { ModelDelta } from '@kheish/core-model';

/** A journaled event as the streams need it. `body` is its JSON on one line, sent as it is. */
export interface FeedRow {
  readonly seq: number;
  readonly type: string;
  readonly session_id?: string;
  readonly run_id?: string;
  readonly body: string;
}

export interface FeedFilter {
  readonly sessionId?: string;
  readonly runId?: string;
}

export interface FeedQuery {
  readonly after: number;
  /** Most rows of a page. */
  readonly limit: number;
  /** A page ends with the row that makes its bodies so long. */
  readonly bytes: number;
}

export interface FeedPage {
  /** In order of `seq`. */
  readonly rows: readonly FeedRow[];
  /** All matching events up to this `seq` are in this page or before it; grows with each page until the head. */
  readonly nextAfter: number;
}

/** The journal, followed. All of it is synchronous. */
export interface EventFeed {
  /** `seq` of the newest event; 0 without any. */
  head(): number;
  /** Up to this `seq` not all events are kept any more, of a session all or none; 0 while all are. */
  floor(): number;
  page(query: FeedFilter & FeedQuery): FeedPage;
  /** The listener is called right after each commit, in order, before anything else runs. */
  subscribe(listener: (rows: readonly FeedRow[]) => void): () => void;
}

/** What models are saying now. */
export interface DeltaFeed {
  subscribe(listener: (delta: ModelDelta) => void): () => void;
  /**
   * For each step under way that matches, one delta with offset 0 and the text so far. Listeners are told first what
   * they do not have of it.
   */
  current(filter: FeedFilter): readonly ModelDelta[];
}

/** Whether a stream's subject exists. */
export interface StreamSubjects {
  sessionExists(sessionId: string): boolean;
  run(runId: string): 'active' | 'ended' | undefined;
}
