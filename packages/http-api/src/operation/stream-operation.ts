import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { KheishError } from '@kheish/core-model';
import type { StreamOperation } from '../call/call.ts';
import { readCursor } from '../stream/cursor.ts';
import type { EventFeed, FeedFilter, StreamSubjects } from '../stream/feed.ts';
import type { StreamHub } from '../stream/stream-hub.ts';
import { type ApiContext, send } from './context.ts';
import type { Received } from './receive.ts';

const streamHeaders = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'X-Accel-Buffering': 'no',
} as const;

export interface StreamOperationOptions {
  readonly hub: StreamHub;
  readonly feed: EventFeed;
  readonly subjects: StreamSubjects;
  readonly isClosing: () => boolean;
}

export type StreamResponders = {
  readonly [K in StreamOperation]: (c: ApiContext, received: Received<K>) => Response;
};

/** Checks that there is something to follow, then hands the response over to the hub. */
export function streamOperations(options: StreamOperationOptions): StreamResponders {
  const { feed, hub, subjects } = options;

  function open(
    c: ApiContext,
    stands: () => boolean,
    filter: FeedFilter,
    cursor: string | undefined,
    ofRun = false,
  ) {
    const lastEventId = c.env.incoming.headers['last-event-id'];
    const resume = readCursor([cursor, ...[lastEventId].flat()], feed.head());
    requireSubject(subjects, filter);
    if (options.isClosing()) {
      throw new KheishError('readiness/daemon_draining', 'The daemon is going down.');
    }
    if (c.req.method === 'HEAD') return send(c, 200, null, streamHeaders);
    const { outgoing } = c.env;
    outgoing.writeHead(200, { ...c.get('headers'), ...streamHeaders });
    hub.open(
      {
        filter,
        after: resume ?? (ofRun ? 0 : feed.head()),
        announceGap: resume !== undefined,
        endsWithRun: ofRun,
        stands,
      },
      outgoing,
    );
    return RESPONSE_ALREADY_SENT;
  }

  return {
    streamSession: (c, { path, query, stands }) =>
      open(c, stands, { sessionId: path.session_id }, query.cursor),
    streamRun: (c, { path, query, stands }) =>
      open(c, stands, { runId: path.run_id }, query.cursor, true),
    streamEvents: (c, { query, stands }) => {
      const { session_id: sessionId, run_id: runId } = query;
      const filter = {
        ...(sessionId !== undefined && { sessionId }),
        ...(runId !== undefined && { runId }),
      };
      return open(c, stands, filter, query.cursor);
    },
  };
}

function requireSubject(subjects: StreamSubjects, { sessionId, runId }: FeedFilter): void {
  if (sessionId !== undefined && !subjects.sessionExists(sessionId)) {
    throw new KheishError('sessions/session_not_found', 'There is no such session.');
  }
  if (runId !== undefined && subjects.run(runId) === undefined) {
    throw new KheishError('runs/run_not_found', 'There is no such run.');
  }
}
