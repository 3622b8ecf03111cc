import type {
  CreateSessionRequest,
  CredentialScope,
  DeleteResult,
  InterruptResult,
  MessageView,
  RecordedEvent,
  RoutePolicy,
  RunView,
  SessionView,
  SubmitInputRequest,
} from '@kheish/core-model';
import type { StreamFrame } from '../stream/frame.ts';
import type { StreamOptions } from '../stream/stream-options.ts';
import { stream } from '../stream/streams.ts';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

export interface Sessions {
  /** Creates a session, or returns the one that has this id. */
  create(body?: CreateSessionRequest, options?: KeyedCallOptions): Promise<SessionView>;
  list(options?: ListOptions): Listing<SessionView>;
  get(sessionId: string, options?: CallOptions): Promise<SessionView>;
  messages(sessionId: string, options?: ListOptions): Listing<MessageView>;
  events(sessionId: string, options?: ListOptions): Listing<RecordedEvent>;
  /** Accepted input: the run may be queued. A lost answer is asked for again, never run twice. */
  submit(
    sessionId: string,
    input: string | SubmitInputRequest,
    options?: KeyedCallOptions,
  ): Promise<RunView>;
  /** Without a cursor from now on. */
  stream(sessionId: string, options?: StreamOptions): AsyncIterable<StreamFrame>;
  setRoutePolicy(
    sessionId: string,
    policy: RoutePolicy,
    options?: CallOptions,
  ): Promise<SessionView>;
  clearRoutePolicy(sessionId: string, options?: CallOptions): Promise<SessionView>;
  /** What the runs of the session may use, from their next call on. */
  setCredentialScope(
    sessionId: string,
    scope: CredentialScope,
    options?: CallOptions,
  ): Promise<SessionView>;
  clearCredentialScope(sessionId: string, options?: CallOptions): Promise<SessionView>;
  interrupt(sessionId: string, options?: KeyedCallOptions): Promise<InterruptResult>;
  end(
    sessionId: string,
    body?: { reason?: string },
    options?: KeyedCallOptions,
  ): Promise<SessionView>;
  delete(sessionId: string, options?: CallOptions): Promise<DeleteResult>;
}

const at = (session_id: string) => ({ path: { session_id } });

export function sessionsOf(transport: Transport): Sessions {
  return {
    create: (body = {}, options) => request(transport, 'createSession', { ...options, body }),
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listSessions', { query, signal, timeoutMs }),
      ),
    get: (id, options) => request(transport, 'getSession', { ...options, ...at(id) }),
    messages: (id, options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listMessages', { ...at(id), query, signal, timeoutMs }),
      ),
    events: (id, options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listSessionEvents', { ...at(id), query, signal, timeoutMs }),
      ),
    submit: (id, input, options) => {
      const { idempotency_key, ...body } = typeof input === 'string' ? { content: input } : input;
      const idempotencyKey = options?.idempotencyKey ?? idempotency_key;
      return request(transport, 'submitInput', { ...options, idempotencyKey, ...at(id), body });
    },
    stream: (id, options = {}) => stream(transport, 'streamSession', at(id), options),
    setRoutePolicy: (id, policy, options) =>
      request(transport, 'setRoutePolicy', {
        ...options,
        ...at(id),
        body: { route_policy: policy },
      }),
    clearRoutePolicy: (id, options) =>
      request(transport, 'clearRoutePolicy', { ...options, ...at(id) }),
    setCredentialScope: (id, scope, options) =>
      request(transport, 'setCredentialScope', {
        ...options,
        ...at(id),
        body: { credential_scope: scope },
      }),
    clearCredentialScope: (id, options) =>
      request(transport, 'clearCredentialScope', { ...options, ...at(id) }),
    interrupt: (id, options) => request(transport, 'interruptSession', { ...options, ...at(id) }),
    end: (id, body = {}, options) =>
      request(transport, 'endSession', { ...options, ...at(id), body }),
    delete: (id, options) => request(transport, 'deleteSession', { ...options, ...at(id) }),
  };
}
