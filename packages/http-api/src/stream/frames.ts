import type { ModelDelta, StreamGap } from '@kheish/core-model';
import type { FeedRow } from './feed.ts';

// Frames of an event stream (HTML standard, section 9.2.5).

export const openFrame = Buffer.from(': open\n\n');
export const heartbeatFrame = Buffer.from(': heartbeat\n\n');

export function deltaFrame(delta: ModelDelta): Buffer {
  return Buffer.from(`event: model_delta\ndata: ${JSON.stringify(delta)}\n\n`);
}

/** Its id is the floor, so that the next attach goes on from there. */
export function gapFrame(floor: number): Buffer {
  const gap: StreamGap = {
    type: 'stream_gap',
    reason: 'retention_floor',
    resume_after_id: String(floor),
  };
  return Buffer.from(`id: ${floor}\nevent: stream_gap\ndata: ${JSON.stringify(gap)}\n\n`);
}

const MAX_CACHED_FRAMES = 1_024;
const MAX_CACHED_BYTES = 4 * 1_024 * 1_024;

/** Encodes an event once for all who follow it. */
export class FrameCache {
  readonly #frames = new Map<number, { readonly body: string; readonly frame: Buffer }>();
  #bytes = 0;

  /** A frame is found again only while the event's body is the same: an erased text is not sent from here. */
  of(row: FeedRow): Buffer {
    const known = this.#frames.get(row.seq);
    if (known?.body === row.body) return known.frame;
    if (known !== undefined) this.#drop(row.seq, known.frame);
    const frame = Buffer.from(`id: ${row.seq}\nevent: ${row.type}\ndata: ${row.body}\n\n`);
    this.#frames.set(row.seq, { body: row.body, frame });
    this.#bytes += frame.length;
    for (const [seq, oldest] of this.#frames) {
      if (this.#frames.size <= MAX_CACHED_FRAMES && this.#bytes <= MAX_CACHED_BYTES) break;
      this.#drop(seq, oldest.frame);
    }
    return frame;
  }

  get bytes(): number {
    return this.#bytes;
  }

  #drop(seq: number, frame: Buffer): void {
    this.#frames.delete(seq);
    this.#bytes -= frame.length;
  }
}
