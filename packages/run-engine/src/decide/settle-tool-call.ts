import {
  type Digest,
  KheishError,
  type RunError,
  type RunState,
  type ToolMessage,
  digestOfText,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { goOn } from './go-on.ts';
import type { PreparedCall } from './prepared-call.ts';
import { askAnew } from './request-approval.ts';
import type { Rules } from './rules.ts';
import { ownAction, settled } from './running-run.ts';

export interface ToolOutcome {
  readonly outcome: 'succeeded' | 'failed' | 'aborted' | 'unknown_outcome';
  readonly message: ToolMessage;
  readonly responseDigest?: Digest;
  readonly error?: RunError;
  /** Its processes were ended, and that they are dead could not be established. */
  readonly deathUnproven?: boolean;
  /** Makes the message's content in the commit; what it throws is the answer instead. */
  readonly decide?: (state: WorkingState, run: RunState) => string;
  /** Open approval requests of its run that name what it changed, as they are now. */
  readonly changed?: readonly { readonly requestId: string; readonly prepared: PreparedCall }[];
}

/** What a tool call brought. With the last one of its step the model is asked again. */
export function settleToolCall(
  state: WorkingState,
  runId: string,
  actionId: string,
  brought: ToolOutcome,
  rules: Rules,
): void {
  const { run, action } = ownAction(state, runId, actionId, rules);
  const outcome = brought.decide === undefined ? brought : decided(state, run, brought);
  state.record({
    ...settled(run, action),
    outcome: outcome.outcome,
    message: outcome.message,
    ...(outcome.responseDigest !== undefined && { response_digest: outcome.responseDigest }),
    ...(outcome.error !== undefined && { error: outcome.error }),
    ...(outcome.deathUnproven === true && { death_unproven: true }),
  });
  askAnew(state, runId, outcome.changed ?? [], rules);
  goOn(state, runId, rules);
}

/** The tool of the call changes what the daemon keeps, and says so. */
function decided(state: WorkingState, run: RunState, brought: ToolOutcome): ToolOutcome {
  const say = (content: string, error?: KheishError): ToolOutcome => ({
    ...brought,
    outcome: error === undefined ? 'succeeded' : 'failed',
    message: { ...brought.message, content, is_error: error !== undefined },
    responseDigest: digestOfText(content),
    ...(error !== undefined && { error: runError(error) }),
  });
  try {
    return say(brought.decide?.(state, run) ?? '');
  } catch (error) {
    if (error instanceof KheishError) return say(error.message, error);
    throw error;
  }
}
