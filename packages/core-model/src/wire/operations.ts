import * as v from 'valibot';
import { RecordedEvent } from '../journal/events.ts';
import { AuthSlotRecord, AuthSlotStatus } from '../secret/auth-slot.ts';
import { pageOf, pageQuery } from './page.ts';
import { RunView, SubmitInputRequest } from './run-view.ts';
import {
  DaemonCapabilities,
  DaemonStatusView,
  RuntimeSettingsView,
  StoreVerification,
} from './runtime-view.ts';
import {
  CreateSessionRequest,
  DeleteResult,
  EndSessionRequest,
  InterruptResult,
  MessageView,
  SessionView,
  SetRoutePolicyRequest,
} from './session-view.ts';

/** Who may call: anyone, the read-only token, or the admin token only. */
export type Access = 'open' | 'read' | 'admin';

type Parameters = Record<string, v.GenericSchema<string | undefined>>;

/** One operation of the HTTP API. Paths have `{name}` for parameters. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query?: Parameters;
  /** Absent: the operation takes no body. */
  readonly body?: v.GenericSchema;
  /** An empty body stands for `{}`. */
  readonly bodyOptional?: true;
  /** Status of success. */
  readonly status: 200 | 201 | 202;
  readonly response: v.GenericSchema | 'text' | 'event-stream' | 'openapi';
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: true;
}

const cursor = { cursor: v.optional(v.string()) };
const accepted = v.strictObject({ accepted: v.boolean() });

/** The whole HTTP API as data: the server, the OpenAPI document, the client and its types are read off it. */
export const operations = {
  healthz: {
    method: 'GET',
    path: '/healthz',
    access: 'open',
    summary: 'The process answers.',
    status: 200,
    response: 'text',
  },
  readyz: {
    method: 'GET',
    path: '/readyz',
    access: 'open',
    summary: 'The daemon takes work; 503 while it drains.',
    status: 200,
    response: 'text',
  },
  getStatus: {
    method: 'GET',
    path: '/v1/status',
    access: 'read',
    summary: 'Which daemon this is and how it does.',
    status: 200,
    response: DaemonStatusView,
  },
  getCapabilities: {
    method: 'GET',
    path: '/v1/capabilities',
    access: 'read',
    summary: 'What this daemon can do.',
    status: 200,
    response: DaemonCapabilities,
  },
  getOpenApi: {
    method: 'GET',
    path: '/v1/openapi.json',
    access: 'read',
    summary: 'This API as OpenAPI 3.1.',
    status: 200,
    response: 'openapi',
  },
  getRuntime: {
    method: 'GET',
    path: '/v1/runtime',
    access: 'read',
    summary: 'Routes, default model and limits in force.',
    status: 200,
    response: RuntimeSettingsView,
  },
  verifyStore: {
    method: 'POST',
    path: '/v1/store/verify',
    access: 'admin',
    summary: 'Replay the journal and compare it with the tables.',
    status: 200,
    response: StoreVerification,
  },

  listSecrets: {
    method: 'GET',
    path: '/v1/runtime/secrets',
    access: 'admin',
    summary: 'Secret slots, never their values.',
    query: pageQuery,
    status: 200,
    response: pageOf(AuthSlotStatus),
  },
  setSecret: {
    method: 'POST',
    path: '/v1/runtime/secrets',
    access: 'admin',
    summary: 'Write or replace a secret slot.',
    body: AuthSlotRecord,
    status: 200,
    response: AuthSlotStatus,
    idempotent: true,
  },
  getSecret: {
    method: 'GET',
    path: '/v1/runtime/secrets/{secret_ref}',
    access: 'admin',
    summary: 'One secret slot, never its value.',
    status: 200,
    response: AuthSlotStatus,
  },
  deleteSecret: {
    method: 'DELETE',
    path: '/v1/runtime/secrets/{secret_ref}',
    access: 'admin',
    summary: 'Delete a secret slot.',
    status: 200,
    response: accepted,
  },

  listSessions: {
    method: 'GET',
    path: '/v1/sessions',
    access: 'read',
    summary: 'Sessions by id.',
    query: pageQuery,
    status: 200,
    response: pageOf(SessionView),
  },
  createSession: {
    method: 'POST',
    path: '/v1/sessions',
    access: 'admin',
    summary: 'Create a session, or reuse the one of that id.',
    body: CreateSessionRequest,
    bodyOptional: true,
    status: 201,
    response: SessionView,
    idempotent: true,
  },
  getSession: {
    method: 'GET',
    path: '/v1/sessions/{session_id}',
    access: 'read',
    summary: 'One session.',
    status: 200,
    response: SessionView,
  },
  deleteSession: {
    method: 'DELETE',
    path: '/v1/sessions/{session_id}',
    access: 'admin',
    summary: 'Erase what was said in an idle session; its events keep digests.',
    status: 200,
    response: DeleteResult,
  },
  listMessages: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/messages',
    access: 'read',
    summary: 'The transcript.',
    query: pageQuery,
    status: 200,
    response: pageOf(MessageView),
  },
  listSessionEvents: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/events',
    access: 'read',
    summary: 'The journaled events of a session.',
    query: pageQuery,
    status: 200,
    response: pageOf(RecordedEvent),
  },
  streamSession: {
    method: 'GET',
    path: '/v1/sessions/{session_id}/stream',
    access: 'read',
    summary: 'Follow a session.',
    query: cursor,
    status: 200,
    response: 'event-stream',
  },
  submitInput: {
    method: 'POST',
    path: '/v1/sessions/{session_id}/runs',
    access: 'admin',
    summary: 'Submit one input; the run is queued behind those before it.',
    body: SubmitInputRequest,
    status: 202,
    response: RunView,
    idempotent: true,
  },
  setRoutePolicy: {
    method: 'PUT',
    path: '/v1/sessions/{session_id}/route-policy',
    access: 'admin',
    summary: 'Set the route and model of later runs.',
    body: SetRoutePolicyRequest,
    status: 200,
    response: SessionView,
  },
  clearRoutePolicy: {
    method: 'DELETE',
    path: '/v1/sessions/{session_id}/route-policy',
    access: 'admin',
    summary: 'Follow the default route again.',
    status: 200,
    response: SessionView,
  },
  interruptSession: {
    method: 'POST',
    path: '/v1/sessions/{session_id}/interrupt',
    access: 'admin',
    summary: 'Stop the active run; the queue goes on.',
    status: 202,
    response: InterruptResult,
    idempotent: true,
  },
  endSession: {
    method: 'POST',
    path: '/v1/sessions/{session_id}/end',
    access: 'admin',
    summary: 'Take no more input; queued runs are cancelled.',
    body: EndSessionRequest,
    bodyOptional: true,
    status: 200,
    response: SessionView,
    idempotent: true,
  },

  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    access: 'read',
    summary: 'Runs in order of submission.',
    query: {
      ...pageQuery,
      session_id: v.optional(v.string()),
      order: v.optional(v.picklist(['asc', 'desc'])),
    },
    status: 200,
    response: pageOf(RunView),
  },
  getRun: {
    method: 'GET',
    path: '/v1/runs/{run_id}',
    access: 'read',
    summary: 'One run.',
    status: 200,
    response: RunView,
  },
  cancelRun: {
    method: 'POST',
    path: '/v1/runs/{run_id}/cancel',
    access: 'admin',
    summary: 'Cancel a run; 202 while what it started is being ended.',
    status: 202,
    response: RunView,
    idempotent: true,
  },
  listRunEvents: {
    method: 'GET',
    path: '/v1/runs/{run_id}/events',
    access: 'read',
    summary: 'The journaled events of a run.',
    query: pageQuery,
    status: 200,
    response: pageOf(RecordedEvent),
  },
  streamRun: {
    method: 'GET',
    path: '/v1/runs/{run_id}/stream',
    access: 'read',
    summary: 'Follow a run to its end.',
    query: cursor,
    status: 200,
    response: 'event-stream',
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events/stream',
    access: 'read',
    summary: 'Follow everything, or one session or run.',
    query: { ...cursor, session_id: v.optional(v.string()), run_id: v.optional(v.string()) },
    status: 200,
    response: 'event-stream',
  },
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationId = keyof Operations;

type PathNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** Path parameters of an operation. */
export type PathOf<K extends OperationId> = { [N in PathNames<Operations[K]['path']>]: string };

/** Query parameters of an operation. */
export type QueryOf<K extends OperationId> = Operations[K] extends {
  query: infer Q extends Parameters;
}
  ? { [N in keyof Q]?: v.InferOutput<Q[N]> }
  : Record<never, never>;

/** JSON body of an operation; undefined where it takes none. */
export type BodyOf<K extends OperationId> = Operations[K] extends {
  body: infer B extends v.GenericSchema;
}
  ? v.InferOutput<B>
  : undefined;

/** What an operation answers when it succeeds. */
export type ResponseOf<K extends OperationId> = Operations[K]['response'] extends infer R
  ? R extends v.GenericSchema
    ? v.InferOutput<R>
    : R extends 'openapi'
      ? Record<string, unknown>
      : string
  : never;
