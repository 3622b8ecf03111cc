import {
  type ExternalActionRecord,
  type PruneReport,
  type PruneRequest,
  type RecordedEvent,
  type RunView,
  endsRun,
  isTerminal,
  isWaiting,
  startWatchdog,
} from '@kheish/core-model';
import { WaitTimedOut } from '../errors.ts';
import type { StreamFrame } from '../stream/frame.ts';
import type { StreamOptions } from '../stream/stream-options.ts';
import { stream } from '../stream/streams.ts';
import { persist } from '../transport/backoff.ts';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

export interface RunListOptions extends ListOptions {
  readonly sessionId?: string | undefined;
  readonly order?: 'asc' | 'desc' | undefined;
}

export interface WaitOptions {
  /** Milliseconds until `WaitTimedOut`; without it, for as long as the run takes. */
  readonly timeoutMs?: number | undefined;
  /** Rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without contact to the daemon until the wait gives up; 15 000 when absent. */
  readonly graceMs?: number | undefined;
  /** Also returns while the run waits for a person: for an approval, or for the answer to a question. */
  readonly untilBlocked?: boolean | undefined;
}

export interface Runs {
  list(options?: RunListOptions): Listing<RunView>;
  get(runId: string, options?: CallOptions): Promise<RunView>;
  /** A run that is under way still has to stop what it started: `cancel_requested_at_ms` is set then. */
  cancel(runId: string, options?: KeyedCallOptions): Promise<RunView>;
  /** Lets ended sessions leave the state root for good, with their runs; `has_more`: call again. */
  prune(asked: PruneRequest, options?: CallOptions): Promise<PruneReport>;
  events(runId: string, options?: ListOptions): Listing<RecordedEvent>;
  /** The signed record of what the run did beyond the daemon. */
  externalActions(runId: string, options?: ListOptions): Listing<ExternalActionRecord>;
  /** Ends after the event that ends the run. Without a cursor from the run's beginning. */
  stream(runId: string, options?: StreamOptions): AsyncIterable<StreamFrame>;
  /** The run once it is over, whatever its outcome, or blocked if so asked; also across restarts of the daemon. */
  wait(runId: string, options?: WaitOptions): Promise<RunView>;
}

const at = (run_id: string) => ({ path: { run_id } });

export function runsOf(transport: Transport): Runs {
  const get: Runs['get'] = (id, options) => request(transport, 'getRun', { ...options, ...at(id) });
  const followRun = (id: string, patient: boolean, options: StreamOptions) =>
    stream(
      transport,
      'streamRun',
      {
        ...at(id),
        patient,
        isLast: ({ event }) => endsRun(event.type),
        isOver: async () => isTerminal((await get(id, { signal: options.signal })).status),
      },
      { ...options, cursor: options.cursor ?? '0' },
    );
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) => {
        const { sessionId, order } = options;
        const filter = {
          ...(sessionId !== undefined && { session_id: sessionId }),
          ...(order !== undefined && { order }),
        };
        return request(transport, 'listRuns', {
          query: { ...query, ...filter },
          signal,
          timeoutMs,
        });
      }),
    get,
    cancel: (id, options) => request(transport, 'cancelRun', { ...options, ...at(id) }),
    prune: (asked, options) => request(transport, 'pruneRuns', { ...options, body: asked }),
    events: (id, options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listRunEvents', { ...at(id), query, signal, timeoutMs }),
      ),
    externalActions: (id, options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listExternalActions', { ...at(id), query, signal, timeoutMs }),
      ),
    stream: (id, options = {}) => followRun(id, false, options),
    wait: async (id, options = {}) => {
      const { timeoutMs, signal, graceMs = transport.graceMs, untilBlocked = false } = options;
      const late = new AbortController();
      const watchdog = startWatchdog(transport.clock, { totalMs: timeoutMs }, () =>
        late.abort(new WaitTimedOut(id, timeoutMs ?? 0)),
      );
      const stop = signal === undefined ? late.signal : AbortSignal.any([signal, late.signal]);
      const now = () => persist({ ...transport, graceMs }, () => get(id, { signal: stop }), stop);
      try {
        for await (const { event } of followRun(id, true, { signal: stop, graceMs })) {
          if (!untilBlocked || !mayBlock(event.type)) continue;
          const run = await now();
          // What the event tells may be long past: the run may have gone on since.
          if (isWaiting(run.status)) return run;
        }
        stop.throwIfAborted();
        return await now();
      } finally {
        watchdog.stop();
      }
    },
  };
}

/** Whether the run waits for a person from here on, or may do so unseen. */
function mayBlock(type: string): boolean {
  return type === 'run_suspended' || type === 'stream_gap';
}
