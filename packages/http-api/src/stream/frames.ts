import type { ModelDelta, StreamGap } from '@kheish/core-model';
import type { FeedRow } from './feed.ts';

// Frames of an event stream (HTML standard, section 9.2.5).

export const openFrame = Buffer.from(': open\n\n');
export const heartbeatFrame = Buffer.from(': heartbeat\n\n');

/** The event as it was encoded when it was journaled. */
export function eventFrame({ seq, type, body }: FeedRow): string {
  return `id: ${seq}\nevent: ${type}\ndata: ${body}\n\n`;
}

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
