import type { EffectClass, NewId } from '@kheish/core-model';
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

/** What decisions need beside the state: all of it stands still while one is made. */
export interface Rules {
  readonly newId: NewId;
  readonly incarnation: number;
  readonly limits: RunLimits;
  /** False while the daemon drains: nothing new begins. */
  readonly mayStart: () => boolean;
  readonly line: WaitingLine;
  readonly effectOf: (toolName: string) => EffectClass;
  /** Of the default prompt and the tools: what every model call shares. */
  readonly surfaceDigest: string;
}
