import type { ServerResponse } from 'node:http';
import type { Clock, ModelDelta } from '@kheish/core-model';
import type { Log } from '../answer/log.ts';
import type { HttpLimits } from '../http-limits.ts';
import type { DeltaFeed, EventFeed, FeedRow, StreamSubjects } from './feed.ts';
import { FollowerIndex } from './follower-index.ts';
import { Follower, type FollowerSources, type StreamRequest } from './follower.ts';
import { deltaFrame, eventFrame } from './frames.ts';

export interface StreamHubOptions {
  readonly feed: EventFeed;
  readonly deltas: DeltaFeed;
  readonly subjects: StreamSubjects;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: HttpLimits;
}

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const nobodyFollows = new Error('nobody follows');

/** All open streams. It listens to the feeds, and the heartbeat runs, only while somebody follows. */
export class StreamHub {
  readonly #options: StreamHubOptions;
  readonly #sources: FollowerSources;
  readonly #index = new FollowerIndex<Follower>();
  #stopListening: (() => void) | undefined;

  constructor(options: StreamHubOptions) {
    this.#options = options;
    this.#sources = {
      feed: options.feed,
      deltas: options.deltas,
      subjects: options.subjects,
      clock: options.clock,
      pageRows: options.limits.replayPageRows,
      backlogBytes: options.limits.streamBacklogBytes,
      stallMs: options.limits.streamStallMs,
    };
  }

  get followerCount(): number {
    return this.#index.size;
  }

  /** Takes over a response whose head is written. */
  open(request: StreamRequest, sink: ServerResponse): void {
    const { log } = this.#options;
    const follower = new Follower(request, this.#sources, sink, () =>
      log.warn({ ...request.filter }, 'A stream was cut: its reader is too slow.'),
    );
    this.#index.add(follower);
    this.#listen();
    sink.on('error', () => sink.destroy());
    sink.on('close', () => this.#leave(follower));
    follower.start().catch((error: unknown) => {
      log.error({ err: error, ...request.filter }, 'A stream failed.');
      sink.destroy();
    });
  }

  /** Drops the streams of those whose token does not count any more; when this returns they get nothing more. */
  dropUnlessStanding(): void {
    for (const follower of this.#index.all()) follower.dropUnlessStanding();
  }

  close(): void {
    for (const follower of this.#index.all()) {
      follower.end();
      this.#index.delete(follower);
    }
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #leave(follower: Follower): void {
    this.#index.delete(follower);
    if (this.#index.size > 0) return;
    this.#stopListening?.();
    this.#stopListening = undefined;
  }

  #listen(): void {
    if (this.#stopListening !== undefined) return;
    const heart = new AbortController();
    const stopEvents = this.#options.feed.subscribe((rows) => this.#dispatch(rows));
    const stopDeltas = this.#options.deltas.subscribe((delta) => this.#dispatchDelta(delta));
    this.#stopListening = () => {
      heart.abort(nobodyFollows);
      stopEvents();
      stopDeltas();
    };
    this.#beat(heart.signal).catch((error: unknown) => {
      this.#options.log.error({ err: error }, 'The heartbeat of the streams failed.');
    });
  }

  #dispatch(rows: readonly FeedRow[]): void {
    for (const row of rows) {
      let frame: Buffer | undefined;
      this.#index.forEach(row.session_id, row.run_id, (follower) => {
        frame ??= Buffer.from(eventFrame(row));
        follower.offerEvent(row, frame);
      });
    }
  }

  #dispatchDelta(delta: ModelDelta): void {
    let frame: Buffer | undefined;
    this.#index.forEach(delta.session_id, delta.run_id, (follower) => {
      frame ??= deltaFrame(delta);
      follower.offerDelta(frame);
    });
  }

  async #beat(signal: AbortSignal): Promise<void> {
    const { clock, limits } = this.#options;
    const aborted = () => signal.aborted;
    while (!aborted()) {
      try {
        await clock.sleep(limits.heartbeatMs, signal);
      } catch (error) {
        if (aborted()) return;
        throw error;
      }
      for (const follower of this.#index.all()) {
        follower.dropUnlessStanding();
        follower.beat();
      }
    }
  }
}
