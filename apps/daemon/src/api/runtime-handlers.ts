import type { SecretStore, TokenStore } from '@kheish/auth-store';
import type {
  ControlPlaneView,
  DaemonCapabilities,
  DaemonStatusView,
  RunStatus,
  RuntimeSettingsView,
  StoreVerification,
  TaskStatus,
} from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import type { ProcessHost } from '@kheish/process-host';
import type { Incarnation, Store } from '@kheish/state-store';
import { healthView } from '../health/health-view.ts';
import type { RouteBook } from '../routes/route-book.ts';

type RuntimeOperation = 'getStatus' | 'getCapabilities' | 'getRuntime' | 'verifyStore';

/** So many tokens are looked at for one that ends soon. */
const MAX_TOKENS = 1_000;

/** What the daemon knows of itself. */
export interface DaemonFacts {
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly routes: RouteBook;
  readonly incarnation: Incarnation;
  readonly processes: ProcessHost;
  readonly version: string;
  readonly workspaceRoot: string;
  readonly startedAtMs: number;
  readonly now: () => number;
  readonly isDraining: () => boolean;
  readonly address: () => string;
  readonly tokens: TokenStore;
  readonly controlPlane: (address: string) => ControlPlaneView;
  readonly followerCount: () => number;
  readonly runtime: () => Promise<RuntimeSettingsView>;
  readonly verify: () => Promise<StoreVerification>;
}

export function runtimeHandlers(facts: DaemonFacts): Pick<Handlers, RuntimeOperation> {
  return {
    getStatus: ({ caller }) => statusView(facts, caller.role === 'admin'),
    getCapabilities: () => capabilities(facts.version),
    getRuntime: facts.runtime,
    verifyStore: facts.verify,
  };
}

function capabilities(version: string): DaemonCapabilities {
  return {
    control_plane_version: version,
    api_revision: 4,
    route_capability_matrix_version: 2,
    problem_details: true,
    openapi: true,
    cursor_pagination: true,
    paginated_lists: true,
    domain_errors: true,
    session_events: true,
    live_events: true,
    sse_replay: true,
    restart_restore: true,
    session_run_idempotency: true,
  };
}

/** Which tokens and secrets there are is for admins. */
async function statusView(facts: DaemonFacts, toAdmin: boolean): Promise<DaemonStatusView> {
  const { store, incarnation, version } = facts;
  const address = facts.address();
  const readiness = facts.routes.readiness();
  const failure = store.failure();
  const ledgerFailure = store.ledger.failure();
  const ready = !facts.isDraining() && failure === undefined && ledgerFailure === undefined;
  const controlPlane = facts.controlPlane(address);
  const sandbox = await facts.processes.sandbox();
  const nowMs = facts.now();
  return {
    snapshot_at_ms: nowMs,
    process_id: process.pid,
    version,
    status: facts.isDraining() ? 'draining' : 'ready',
    ready,
    started_at_ms: facts.startedAtMs,
    incarnation: incarnation.number,
    root_id: store.root.rootId,
    state_root: store.root.stateRoot,
    workspace_root: facts.workspaceRoot,
    schema_version: store.root.schemaVersion,
    capabilities: capabilities(version),
    control_plane: controlPlane,
    health: healthView({
      nowMs,
      controlPlane,
      tokens: toAdmin ? facts.tokens.list({ limit: MAX_TOKENS }) : [],
      slots: toAdmin ? facts.secrets.list() : [],
      hasMasterKey: facts.secrets.hasMasterKey,
      failure,
      ledgerFailure,
      routes: readiness,
      sandbox,
    }),
    sandbox,
    storage: {
      ok: failure === undefined,
      database_bytes: store.databaseBytes(),
      synchronous: 'full',
      master_key_loaded: facts.secrets.hasMasterKey,
    },
    provider_readiness: {
      route_count: readiness.length,
      ready_route_count: readiness.filter((route) => route.state !== 'error').length,
      error_route_count: readiness.filter((route) => route.state === 'error').length,
      routes: readiness,
    },
    events: {
      floor_event_id: String(store.feed.floor()),
      newest_event_id: String(store.feed.head()),
      tail_event_id_cursor: String(store.feed.head()),
      subscriber_count: facts.followerCount(),
    },
    sessions: { total: store.read.sessionCount() },
    runs: runCounts(store),
    tasks: taskCounts(store),
  };
}

function runCounts(store: Store): DaemonStatusView['runs'] {
  const counts: Record<RunStatus, number> = {
    queued: 0,
    running: 0,
    waiting_for_approval: 0,
    waiting_for_user_question: 0,
    completed: 0,
    failed: 0,
    interrupted: 0,
    cancelled: 0,
  };
  let total = 0;
  for (const { status, count } of store.read.runCounts()) {
    counts[status] = count;
    total += count;
  }
  return { total, ...counts };
}

function taskCounts(store: Store): DaemonStatusView['tasks'] {
  const counts: Record<TaskStatus, number> = {
    pending: 0,
    in_progress: 0,
    blocked: 0,
    completed: 0,
    failed: 0,
    cancelled: 0,
  };
  let total = 0;
  for (const { status, count } of store.read.taskCounts()) {
    counts[status] = count;
    total += count;
  }
  return { total, live_background_shell_task_count: store.read.liveShells().length, ...counts };
}
