import {
  type Clock,
  type DaemonCapabilities,
  type DaemonStatusView,
  type RandomSource,
  type ResponseOf,
  type StoreVerification,
} from '@kheish/core-model';
import { platformClock, platformRandom } from './platform.ts';
import { type Approvals, approvalsOf } from './resources/approvals.ts';
import { type Audit, auditOf } from './resources/audit.ts';
import { type Backups, backupsOf } from './resources/backups.ts';
import { type Questions, questionsOf } from './resources/questions.ts';
import { type Runs, runsOf } from './resources/runs.ts';
import { type Runtime, runtimeOf } from './resources/runtime.ts';
import { type Secrets, secretsOf } from './resources/secrets.ts';
import { type Sessions, sessionsOf } from './resources/sessions.ts';
import { type Tasks, tasksOf } from './resources/tasks.ts';
import { type Tokens, tokensOf } from './resources/tokens.ts';
import type { StreamFrame } from './stream/frame.ts';
import type { StreamOptions } from './stream/stream-options.ts';
import { stream } from './stream/streams.ts';
import { normalizeBaseUrl } from './transport/address.ts';
import { type Preflight, askPreflight } from './transport/preflight.ts';
import {
  type CallOptions,
  type RequestId,
  type RequestOptions,
  request,
} from './transport/request.ts';
import type { Transport } from './transport/transport.ts';

export interface ClientOptions {
  /** Where the daemon listens, for example `http://127.0.0.1:4000`. */
  readonly baseUrl: string;
  /** Sent as `Authorization: Bearer`. */
  readonly token?: string | undefined;
  /** Stands in the place of the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Milliseconds for a request; 60 000 when absent. Streams have no such limit. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds without contact after which streams, waits and repeated submits give up; 15 000 when absent. */
  readonly graceMs?: number | undefined;
  /** Stand in the place of the platform's time and chance. */
  readonly clock?: Clock | undefined;
  readonly random?: RandomSource | undefined;
}

export interface EventStreamOptions extends StreamOptions {
  readonly sessionId?: string | undefined;
  readonly runId?: string | undefined;
}

/** The HTTP API of one daemon. Every call throws `KheishError` for a problem that the daemon reports. */
export interface Client {
  readonly baseUrl: string;
  healthz(options?: CallOptions): Promise<string>;
  /** Throws `readiness/daemon_draining` while the daemon drains. */
  readyz(options?: CallOptions): Promise<string>;
  status(options?: CallOptions): Promise<DaemonStatusView>;
  capabilities(options?: CallOptions): Promise<DaemonCapabilities>;
  openapi(options?: CallOptions): Promise<Record<string, unknown>>;
  readonly runtime: Runtime;
  readonly store: { verify(options?: CallOptions): Promise<StoreVerification> };
  readonly backups: Backups;
  readonly secrets: Secrets;
  readonly sessions: Sessions;
  readonly runs: Runs;
  readonly approvals: Approvals;
  readonly questions: Questions;
  readonly tasks: Tasks;
  readonly audit: Audit;
  readonly tokens: Tokens;
  /** Everything that happens, or what concerns one session or run. Without a cursor from now on. */
  readonly events: { stream(options?: EventStreamOptions): AsyncIterable<StreamFrame> };
  /** Any operation by its name in the table of operations; types are read off the table. */
  request<K extends RequestId>(operationId: K, options: RequestOptions<K>): Promise<ResponseOf<K>>;
}

export function createClient(options: ClientOptions): Client {
  const transport = transportOf(options);
  return {
    baseUrl: transport.baseUrl,
    healthz: (call = {}) => request(transport, 'healthz', call),
    readyz: (call = {}) => request(transport, 'readyz', call),
    status: (call = {}) => request(transport, 'getStatus', call),
    capabilities: (call = {}) => request(transport, 'getCapabilities', call),
    openapi: (call = {}) => request(transport, 'getOpenApi', call),
    runtime: runtimeOf(transport),
    store: { verify: (call = {}) => request(transport, 'verifyStore', call) },
    backups: backupsOf(transport),
    secrets: secretsOf(transport),
    sessions: sessionsOf(transport),
    runs: runsOf(transport),
    approvals: approvalsOf(transport),
    questions: questionsOf(transport),
    tasks: tasksOf(transport),
    audit: auditOf(transport),
    tokens: tokensOf(transport),
    events: {
      stream: ({ sessionId, runId, ...rest } = {}) =>
        stream(
          transport,
          'streamEvents',
          {
            path: {},
            query: {
              ...(sessionId !== undefined && { session_id: sessionId }),
              ...(runId !== undefined && { run_id: runId }),
            },
          },
          rest,
        ),
    },
    request: (operationId, call) => request(transport, operationId, call),
  };
}

function transportOf(options: ClientOptions): Transport {
  return {
    baseUrl: normalizeBaseUrl(options.baseUrl),
    token: options.token,
    fetch: options.fetch ?? ((input, init) => globalThis.fetch(input, init)),
    clock: options.clock ?? platformClock,
    random: options.random ?? platformRandom,
    timeoutMs: options.timeoutMs ?? 60_000,
    graceMs: options.graceMs ?? 15_000,
  };
}

/**
 * Whether a page of this origin may call the daemon, as a browser would ask it. From Node only: a browser lets nobody
 * speak for another origin.
 */
export function preflight(
  daemon: ClientOptions,
  origin: string,
  options: CallOptions = {},
): Promise<Preflight> {
  return askPreflight({ ...transportOf(daemon), token: undefined }, origin, options);
}
