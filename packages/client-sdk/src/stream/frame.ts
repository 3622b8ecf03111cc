import type { ModelDelta, RecordedEvent, StreamGap } from '@kheish/core-model';

export type StreamEvent = RecordedEvent | ModelDelta | StreamGap;

/** What a stream yields. Journaled events have an id, a cursor that stays valid across restarts. */
export interface StreamFrame {
  readonly id?: string;
  readonly event: StreamEvent;
}

/** Whether the id is later than the cursor. Ids are decimal and may exceed safe integers. */
export function isAfter(id: string, cursor: string): boolean {
  return id.length === cursor.length ? id > cursor : id.length > cursor.length;
}
