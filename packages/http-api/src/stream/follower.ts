import type { ServerResponse } from 'node:http';
import { type Clock, endsRun } from '@kheish/core-model';
import type { DeltaFeed, EventFeed, FeedFilter, FeedRow, StreamSubjects } from './feed.ts';
import { deltaFrame, type FrameCache, gapFrame, heartbeatFrame, openFrame } from './frames.ts';

/** What one client follows, and from where. */
export interface StreamRequest {
  readonly filter: FeedFilter;
  /** Events after this `seq` are sent. */
  readonly after: number;
  /** The client named `after` itself, so events that are not kept any more are announced as a gap. */
  readonly announceGap: boolean;
  /** The stream ends with the run of the filter. */
  readonly endsWithRun: boolean;
}

export interface FollowerSources {
  readonly feed: EventFeed;
  readonly deltas: DeltaFeed;
  readonly subjects: StreamSubjects;
  readonly frames: FrameCache;
  readonly clock: Clock;
  readonly pageRows: number;
  readonly backlogBytes: number;
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
    const { clock, feed, frames, pageRows } = this.#sources;
    this.#sink.write(openFrame);
    const floor = feed.floor();
    if (this.#after < floor) {
      if (this.#request.announceGap) this.#sink.write(gapFrame(floor));
      this.#after = floor;
    }
    while (!this.#closed) {
      const before = this.#after;
      const page = feed.page({ ...this.filter, after: before, limit: pageRows });
      for (const row of page.rows) {
        const taken = this.#send(row, frames.of(row));
        if (!taken) await this.#drained();
        if (this.#closed) return;
      }
      this.#after = Math.max(this.#after, page.nextAfter);
      if (this.#after >= feed.head()) return this.#goLive();
      if (this.#after === before) throw new Error('The feed gave a page that does not go on.');
      await clock.sleep(0);
    }
  }

  offerEvent(row: FeedRow, frame: Buffer): void {
    if (!this.#live || row.seq <= this.#after) return;
    if (!this.#cutIfSlow()) this.#send(row, frame);
  }

  offerDelta(frame: Buffer): void {
    if (this.#live && !this.#cutIfSlow()) this.#sink.write(frame);
  }

  heartbeat(): void {
    if (!this.#closed && !this.#sink.writableNeedDrain) this.#sink.write(heartbeatFrame);
  }

  end(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#live = false;
    this.#sink.end();
  }

  #goLive(): void {
    const { deltas, subjects } = this.#sources;
    const { runId } = this.filter;
    if (this.#request.endsWithRun && runId !== undefined && subjects.run(runId) !== 'active') {
      return this.end();
    }
    this.#live = true;
    for (const delta of deltas.current(this.filter)) this.#sink.write(deltaFrame(delta));
  }

  #send(row: FeedRow, frame: Buffer): boolean {
    this.#after = row.seq;
    const taken = this.#sink.write(frame);
    if (this.#request.endsWithRun && endsRun(row.type)) this.end();
    return taken;
  }

  /** The backlog is looked at before a frame is added: one large frame alone cuts nobody. */
  #cutIfSlow(): boolean {
    if (this.#sink.writableLength <= this.#sources.backlogBytes) return false;
    this.#closed = true;
    this.#live = false;
    this.#onCut();
    this.#sink.destroy();
    return true;
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
