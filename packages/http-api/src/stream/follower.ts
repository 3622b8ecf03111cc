import type { ServerResponse } from 'node:http';
import { type Clock, endsRun } from '@kheish/core-model';
import type { DeltaFeed, EventFeed, FeedFilter, FeedRow, StreamSubjects } from './feed.ts';
import { deltaFrame, eventFrame, gapFrame, heartbeatFrame, openFrame } from './frames.ts';

/** What one client follows, and from where. */
export interface StreamRequest {
  readonly filter: FeedFilter;
  /** Events after this `seq` are sent. */
  readonly after: number;
  /** The client named `after` itself, so events that are not kept any more are announced as a gap. */
  readonly announceGap: boolean;
  /** The stream ends with the run of the filter. */
  readonly endsWithRun: boolean;
  /** Whether who asked may still follow. */
  readonly stands: () => boolean;
}

export interface FollowerSources {
  readonly feed: EventFeed;
  readonly deltas: DeltaFeed;
  readonly subjects: StreamSubjects;
  readonly clock: Clock;
  readonly pageRows: number;
  readonly backlogBytes: number;
  readonly stallMs: number;
}

/**
 * One client of an event stream. It reads the journal until it has reached the head, and from that very turn of the
 * event loop on it is live; what is committed meanwhile is in the journal, so there is neither a gap nor a duplicate.
 */
export class Follower {
  readonly filter: FeedFilter;
  readonly #request: StreamRequest;
  readonly #sources: FollowerSources;
  readonly #sink: ServerResponse;
  readonly #onCut: () => void;
  #after: number;
  #live = false;
  #closed = false;
  /** What the reader had taken when it was first seen to take nothing more. */
  #stalled: { readonly taken: number; readonly sinceMs: number } | undefined;

  constructor(
    request: StreamRequest,
    sources: FollowerSources,
    sink: ServerResponse,
    onCut: () => void,
  ) {
    this.filter = request.filter;
    this.#request = request;
    this.#sources = sources;
    this.#sink = sink;
    this.#onCut = onCut;
    this.#after = request.after;
    sink.on('close', () => (this.#closed = true));
  }

  /** Resolves when the follower is live or closed. */
  async start(): Promise<void> {
    const { backlogBytes: bytes, clock, feed, pageRows: limit } = this.#sources;
    this.#sink.write(openFrame);
    while (!this.#closed) {
      this.#skipWhatLeft(feed.floor());
      const before = this.#after;
      const page = feed.page({ ...this.filter, after: before, limit, bytes });
      const taken = this.#replay(page.rows);
      if (this.#closed) return;
      this.#after = Math.max(this.#after, page.nextAfter);
      if (taken && this.#after >= feed.head()) return this.#goLive();
      if (taken && this.#after === before)
        throw new Error('The feed gave a page that ends nowhere.');
      if (!taken) await this.#drained();
      // A fast reader is served without waiting for its socket; the others have their turn between two pages.
      await clock.sleep(0);
    }
  }

  /**
   * Events that are not kept any more are announced as a gap, also where they leave while it reads. Of one session
   * none is missing: they leave together with it.
   */
  #skipWhatLeft(floor: number): void {
    const { sessionId, runId } = this.filter;
    if (this.#after >= floor || sessionId !== undefined || runId !== undefined) return;
    const { after, announceGap } = this.#request;
    if (announceGap || this.#after > after) this.#sink.write(gapFrame(floor));
    this.#after = floor;
  }

  offerEvent(row: FeedRow, frame: Buffer): void {
    if (!this.#live || row.seq <= this.#after) return;
    if (this.#cutIfSlow()) return;
    this.#after = row.seq;
    this.#sink.write(frame);
    if (this.#isLast(row)) this.end();
  }

  offerDelta(frame: Buffer): void {
    if (this.#live && !this.#cutIfSlow()) this.#sink.write(frame);
  }

  /** A sign of life for who has taken all; who takes nothing more for too long is cut. */
  beat(): void {
    const { clock, stallMs } = this.#sources;
    if (this.#closed) return;
    if (this.#sink.writableLength === 0) {
      this.#stalled = undefined;
      this.#sink.write(heartbeatFrame);
      return;
    }
    const taken = (this.#sink.socket?.bytesWritten ?? 0) - this.#sink.writableLength;
    const now = clock.monotonic();
    if (this.#stalled?.taken !== taken) this.#stalled = { taken, sinceMs: now };
    else if (now - this.#stalled.sinceMs >= stallMs) this.#cut();
  }

  /** Drops the stream, with all that it has not sent yet, where who asked for it may not follow any more. */
  dropUnlessStanding(): void {
    if (this.#closed || this.#stands()) return;
    this.#closed = true;
    this.#live = false;
    this.#sink.destroy();
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#live = false;
    this.#sink.end();
  }

  /** Where that cannot be told, not. */
  #stands(): boolean {
    try {
      return this.#request.stands();
    } catch {
      return false;
    }
  }

  #goLive(): void {
    const { deltas, subjects } = this.#sources;
    const { runId } = this.filter;
    if (this.#request.endsWithRun && runId !== undefined && subjects.run(runId) !== 'active') {
      return this.end();
    }
    // Before it is live: words that waited are told to the others by this, and are in what it gets itself.
    const current = deltas.current(this.filter);
    this.#live = true;
    for (const delta of current) this.#sink.write(deltaFrame(delta));
  }

  /** Sends a page in one write. False where the reader has to catch up first. */
  #replay(rows: readonly FeedRow[]): boolean {
    const last = rows.findIndex((row) => this.#isLast(row));
    const shown = last < 0 ? rows : rows.slice(0, last + 1);
    const taken = shown.length === 0 || this.#sink.write(shown.map(eventFrame).join(''));
    this.#after = shown.at(-1)?.seq ?? this.#after;
    if (last >= 0) this.end();
    return taken;
  }

  #isLast(row: FeedRow): boolean {
    return this.#request.endsWithRun && endsRun(row.type);
  }

  /** The backlog is looked at before a frame is added: one large frame alone cuts nobody. */
  #cutIfSlow(): boolean {
    if (this.#sink.writableLength <= this.#sources.backlogBytes) return false;
    this.#cut();
    return true;
  }

  #cut(): void {
    this.#closed = true;
    this.#live = false;
    this.#onCut();
    this.#sink.destroy();
  }

  #drained(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        this.#sink.off('drain', done).off('close', done);
        resolve();
      };
      if (this.#closed || !this.#sink.writableNeedDrain) resolve();
      else this.#sink.once('drain', done).once('close', done);
    });
  }
}
