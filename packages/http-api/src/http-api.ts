import { type Clock, KheishError } from '@kheish/core-model';
import { Hono } from 'hono';
import type { Log } from './answer/log.ts';
import { problemAnswer } from './answer/problem.ts';
import type { Handlers } from './call/call.ts';
import { type Access, bearerAuth } from './guard/bearer.ts';
import { type NoteRefusal, Refusals } from './guard/refusals.ts';
import { defaultHttpLimits, type HttpLimits } from './http-limits.ts';
import { type HttpListener, httpListener } from './listener/http-listener.ts';
import { type ApiEnv, send } from './operation/context.ts';
import { frontDoor, type HostPolicy, requestIds } from './operation/front-door.ts';
import { registerOperations } from './operation/register-operations.ts';
import { streamOperations } from './operation/stream-operation.ts';
import type { DeltaFeed, EventFeed, StreamSubjects } from './stream/feed.ts';
import { StreamHub } from './stream/stream-hub.ts';

export interface HttpApiOptions {
  readonly handlers: Handlers;
  readonly access: Access;
  /** Told of who is not let in, in bounded numbers. */
  readonly noteRefusal: NoteRefusal;
  readonly hosts: HostPolicy;
  readonly feed: EventFeed;
  readonly deltas: DeltaFeed;
  readonly subjects: StreamSubjects;
  readonly log: Log;
  readonly clock: Clock;
  /** Takes known secrets out of what callers send and are told. */
  readonly redactor: ApiRedactor;
  /** Why no work is taken now, if so: what `/readyz` answers. */
  readonly unready: () => KheishError | undefined;
  readonly limits?: Partial<HttpLimits>;
}

export interface ApiRedactor {
  redact(text: string): string;
  redactForeign<T>(value: T): T;
}

export interface HttpApi extends HttpListener {
  /** The routes. They need Node's request and response as bindings. */
  readonly app: Hono<ApiEnv>;
  /** Drops the streams whose token does not count any more. They are looked at with each heartbeat too. */
  dropRevokedStreams(): void;
  /** Streams that are open now. */
  followerCount(): number;
}

/** The HTTP surface over a host's handlers. It holds no state but its open connections. */
export function createHttpApi(options: HttpApiOptions): HttpApi {
  const { access, clock, feed, log, subjects } = options;
  const limits = { ...defaultHttpLimits, ...options.limits };
  const nextRequestId = requestIds(clock);
  let closing: Promise<void> | undefined;
  const isClosing = () => closing !== undefined;

  const hub = new StreamHub({ feed, deltas: options.deltas, subjects, clock, log, limits });
  const app = new Hono<ApiEnv>();
  const refusals = new Refusals(clock, options.noteRefusal);
  const authorize = bearerAuth(access, refusals);
  app.use(frontDoor(options.hosts, refusals, nextRequestId, isClosing));
  registerOperations(app, {
    handlers: options.handlers,
    streams: streamOperations({ hub, feed, subjects, isClosing }),
    authorize,
    unready: options.unready,
    redactor: options.redactor,
    limits,
    log,
  });
  app.notFound((c) => {
    authorize({ access: 'admin', method: 'GET' }, c.env.incoming);
    throw new KheishError('api/route_not_found', 'There is no such path.');
  });
  app.onError((error, c) => {
    const { status, headers, body } = problemAnswer(error, (text) => options.redactor.redact(text));
    if (status === 500) {
      const request = { request_id: c.get('requestId'), method: c.req.method, path: c.req.path };
      log.error({ ...request, err: error }, 'A request failed.');
    }
    return send(c, status, body, headers);
  });

  const fetch = app.fetch as Parameters<typeof httpListener>[0]['fetch'];
  const listener = httpListener({ fetch, nextRequestId, clock, log, limits });
  return {
    app,
    followerCount: () => hub.followerCount,
    dropRevokedStreams: () => hub.dropUnlessStanding(),
    listen: (at) => listener.listen(at),
    close: () => {
      closing ??= Promise.resolve().then(() => {
        hub.close();
        return listener.close();
      });
      return closing;
    },
  };
}
