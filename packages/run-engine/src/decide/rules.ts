import type {
  EffectClass,
  NewId,
  PermissionBehavior,
  Price,
  RunState,
  SessionState,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import type { PreparedCall } from './prepared-call.ts';
import type { WaitingLine } from './waiting-line.ts';

export interface RunLimits {
  readonly maxRunningRuns: number;
  readonly maxRunningRunsPerRoute: number;
  readonly maxQueuedRunsPerSession: number;
  /** Model calls of one run. */
  readonly maxStepsPerRun: number;
  /** Tool calls that one model answer may ask for. */
  readonly maxToolCallsPerStep: number;
  /** Tool calls under way in the whole daemon; the others wait for them. */
  readonly maxToolCallsAtOnce: number;
  /** The same of one run, so that an answer with many calls does not keep other runs waiting. */
  readonly maxToolCallsAtOncePerRun: number;
  /** Takeovers of a run after a crash without a new step in between; then it is given up. */
  readonly maxRecoveries: number;
  /** Runs of earlier starts that are taken over and have made no progress yet; the others wait for them. */
  readonly maxTakeoversAtOnce: number;
}

export const defaultRunLimits: RunLimits = {
  maxRunningRuns: 256,
  maxRunningRunsPerRoute: 128,
  maxQueuedRunsPerSession: 100,
  maxStepsPerRun: 500,
  maxToolCallsPerStep: 256,
  maxToolCallsAtOnce: 64,
  maxToolCallsAtOncePerRun: 8,
  maxRecoveries: 3,
  maxTakeoversAtOnce: 32,
};

export interface Verdict {
  readonly decision: PermissionBehavior;
  /** The rule that decided, in words. */
  readonly reason: string;
}

/** What the operator lets sessions use. */
export interface RouteCredentials {
  /** Throws where runs of the session may not use the route now. */
  refuse(state: WorkingState, session: SessionState, routeId: string): void;
  /** The same for a call that is being intended: gives the grant of its credential, if it needs one. */
  grant(state: WorkingState, session: SessionState, routeId: string): string | undefined;
}

/** What decisions need beside the state: all of it stands still while one is made. */
export interface Rules {
  readonly newId: NewId;
  readonly incarnation: number;
  readonly limits: RunLimits;
  /** False while the daemon drains: nothing new begins. */
  readonly mayStart: () => boolean;
  readonly line: WaitingLine;
  readonly effectOf: (toolName: string) => EffectClass;
  /** Whether the call may be carried out, by the configuration that its run is pinned to. */
  readonly permit: (
    configurations: Pick<WorkingState, 'runtime'>,
    run: Pick<RunState, 'config_revision'>,
    call: PreparedCall,
  ) => Verdict;
  /** The same by the deny rules that are in force now, whatever the run is pinned to; `ask` where one may be meant. */
  readonly forbid: (call: PreparedCall) => Verdict;
  /** Milliseconds that a request for approval stays open; undefined: until it is answered. */
  readonly approvalExpiresAfterMs: (state: WorkingState, run: RunState) => number | undefined;
  readonly credentials: RouteCredentials;
  /** Of a model; undefined where it is not known. */
  readonly priceOf: (routeId: string, model: string) => Price | undefined;
  /** Tokens that a prompt and its answer may have together on a route. */
  readonly contextWindow: (routeId: string) => number;
  /** Tokens of the default prompt and the tools, estimated. */
  readonly surfaceTokens: number;
  /** Of the default prompt and the tools: what every model call shares. */
  readonly surfaceDigest: string;
}
