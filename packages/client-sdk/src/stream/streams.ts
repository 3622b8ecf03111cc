import type { PathOf, QueryOf } from '@kheish/core-model';
import { addressOf } from '../transport/address.ts';
import { type StreamId, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type Followed, follow } from './follow.ts';
import type { StreamFrame } from './frame.ts';
import type { StreamOptions } from './stream-options.ts';

export interface StreamTarget<K extends StreamId> {
  readonly path: PathOf<K>;
  readonly query?: Omit<QueryOf<K>, 'cursor'>;
  readonly patient?: boolean;
  readonly isLast?: Followed['isLast'];
  readonly isOver?: Followed['isOver'];
}

/** Follows one stream operation; without a cursor from the newest event on. */
export async function* stream<K extends StreamId>(
  transport: Transport,
  id: K,
  target: StreamTarget<K>,
  options: StreamOptions,
): AsyncGenerator<StreamFrame, void, undefined> {
  const { signal } = options;
  if (signal?.aborted === true) return;
  // Known before the first connection, so that one which breaks before its first event loses nothing.
  const cursor = options.cursor ?? (await newestEventId(transport, signal));
  if (cursor === undefined) return;
  yield* follow(transport, {
    address: addressOf(id, target.path, { ...target.query, cursor }),
    cursor,
    signal,
    graceMs: options.graceMs ?? transport.graceMs,
    patient: target.patient ?? false,
    isLast: target.isLast ?? (() => false),
    isOver: target.isOver ?? (async () => false),
  });
}

async function newestEventId(
  transport: Transport,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const status = await request(transport, 'getStatus', { signal });
    return status.events.tail_event_id_cursor;
  } catch (error) {
    if (signal?.aborted === true) return undefined;
    throw error;
  }
}
