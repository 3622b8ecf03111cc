import { endsRun, runIdOf, startWatchdog } from '@kheish/core-model';
import { DaemonUnreachable, UnexpectedAnswer } from '../errors.ts';
import { problemOf } from '../transport/answer.ts';
import { backoffMs, isPassing } from '../transport/backoff.ts';
import { type Transport, connectionError, open } from '../transport/transport.ts';
import { DeltaPositions } from './delta-position.ts';
import { type StreamEvent, type StreamFrame, isAfter } from './frame.ts';
import { readFrames } from './read-frames.ts';

/** Longer silence than this means a dead connection: the daemon sends a heartbeat every 10 s. */
const SILENCE_MS = 30_000;

export interface Followed {
  /** Path and query; the seed cursor is in the query. */
  readonly address: string;
  /** Frames up to this id were seen. */
  readonly cursor: string;
  readonly signal: AbortSignal | undefined;
  readonly graceMs: number;
  /** Whether a daemon that cannot be reached at first is waited for, too. */
  readonly patient: boolean;
  /** The stream is over after this frame. */
  isLast(frame: StreamFrame): boolean;
  /** Asked when the daemon closed the connection in order: nothing can follow any more. */
  isOver(): Promise<boolean>;
}

/**
 * Follows a stream across disconnects and restarts: each journaled event once and in order, each delta's text once.
 * Ends quietly when the signal aborts. Throws what the daemon reports, or the last failure after `graceMs` without contact.
 */
export async function* follow(
  transport: Transport,
  followed: Followed,
): AsyncGenerator<StreamFrame, void, undefined> {
  const { signal } = followed;
  const deltas = new DeltaPositions();
  const now = () => transport.clock.monotonic();
  let cursor = followed.cursor;
  let resumed: string | undefined;
  let failures = 0;
  let over = false;
  let downSince = followed.patient ? undefined : Number.NEGATIVE_INFINITY;
  const contact = () => {
    downSince = undefined;
  };
  const stopped = () => signal?.aborted === true;
  while (!stopped()) {
    try {
      let news = false;
      for await (const frame of connect(transport, followed, resumed, contact)) {
        const fresh = unseen(frame, cursor, deltas);
        if (fresh === undefined) continue;
        news = true;
        failures = 0;
        cursor = resumed = cursorAfter(frame, cursor);
        yield fresh;
        if (followed.isLast(fresh)) return;
      }
      // Closed in order: nothing is left only if all was over before a replay that brought no news.
      if (over && !news) return;
      over = await followed.isOver();
    } catch (error) {
      if (stopped()) return;
      downSince ??= now();
      if (!isPassing(error) || now() - downSince > followed.graceMs) throw error;
    }
    failures += 1;
    await pause(transport, failures, signal);
  }
}

async function* connect(
  transport: Transport,
  followed: Followed,
  resumed: string | undefined,
  contact: () => void,
): AsyncGenerator<StreamFrame, void, undefined> {
  const lost = new AbortController();
  const watchdog = startWatchdog(transport.clock, { idleMs: SILENCE_MS }, () =>
    lost.abort(new DaemonUnreachable(transport.baseUrl, `silent for ${SILENCE_MS} ms`, false)),
  );
  const signal =
    followed.signal === undefined ? lost.signal : AbortSignal.any([followed.signal, lost.signal]);
  const headers = {
    accept: 'text/event-stream',
    ...(resumed !== undefined && { 'last-event-id': resumed }),
  };
  try {
    const response = await open(
      transport,
      { method: 'GET', address: followed.address, headers },
      signal,
    );
    if (!response.ok) throw problemOf(response, await response.text());
    const type = response.headers.get('content-type') ?? '';
    if (response.body === null || !type.startsWith('text/event-stream')) {
      throw new UnexpectedAnswer(response.status, 'the answer is not a stream of events');
    }
    contact();
    const heard = () => {
      watchdog.touch();
      contact();
    };
    yield* readFrames(response.body, heard, (thrown) => connectionError(transport, thrown, signal));
  } finally {
    watchdog.stop();
    lost.abort();
  }
}

function unseen(
  frame: StreamFrame,
  cursor: string,
  deltas: DeltaPositions,
): StreamFrame | undefined {
  const { event, id } = frame;
  if (event.type === 'model_delta') {
    const delta = deltas.fresh(event);
    return delta && { event: delta };
  }
  if (event.type === 'stream_gap') {
    return isAfter(event.resume_after_id, cursor) ? frame : undefined;
  }
  if (id === undefined || !isAfter(id, cursor)) return undefined;
  const runId = runIdOf(event);
  if (runId !== undefined && startsOver(event)) deltas.forget(runId);
  return frame;
}

function startsOver(event: StreamEvent): boolean {
  return event.type === 'run_recovered' || endsRun(event.type);
}

function cursorAfter({ event, id }: StreamFrame, cursor: string): string {
  return event.type === 'stream_gap' ? event.resume_after_id : (id ?? cursor);
}

async function pause(
  transport: Transport,
  failures: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    await transport.clock.sleep(backoffMs(failures, transport.random), signal);
  } catch {
    // Aborted: the loop ends by itself.
  }
}
