import {
  type Digest,
  KheishError,
  type RunState,
  type SessionState,
  digestOfJson,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { breachOf, requestBudget, reservationFor } from './budgets.ts';
import { endFailed, runError } from './end-failed.ts';
import { modelTarget, mustCompact, outputTokens } from './prompt-budget.ts';
import type { Rules } from './rules.ts';

/** Tokens that a summary of older turns may have. */
export const SUMMARY_TOKENS = 4_096;

/**
 * The next model call of a run; its prompt is the session's transcript as it stands now. Where that has become too long
 * it is shortened first, and where a budget has no room the run waits for the operator instead.
 */
export function intendModelCall(state: WorkingState, runId: string, rules: Rules): void {
  const { run, session } = known(state, runId);
  if (mustCompact(session, run, rules)) intendCompaction(state, runId, rules);
  else intendAnswer(state, runId, rules);
}

/** The call itself, with the transcript as it is shown now. */
export function intendAnswer(state: WorkingState, runId: string, rules: Rules): void {
  const { run } = known(state, runId);
  const call = { kind: 'model_call', step: run.step + 1, output: outputTokens(run) } as const;
  intendCall(state, runId, call, rules);
}

/** Shortens what prompts show of the transcript, with the help of the run's model. It is no step of the run. */
export function intendCompaction(state: WorkingState, runId: string, rules: Rules): void {
  const { run } = known(state, runId);
  const call = { kind: 'compaction', step: run.step, output: SUMMARY_TOKENS } as const;
  intendCall(state, runId, call, rules);
}

function intendCall(
  state: WorkingState,
  runId: string,
  call: {
    readonly kind: 'model_call' | 'compaction';
    readonly step: number;
    readonly output: number;
  },
  rules: Rules,
): void {
  const { run, session } = known(state, runId);
  const reservation = reservationFor(state, run, call.output, rules);
  const breach = breachOf(state, run, reservation);
  if (breach !== undefined) {
    requestBudget(state, run, breach, rules);
    return;
  }
  const grant = grantOrRefusal(state, run, session, rules);
  if (grant instanceof KheishError) {
    endFailed(state, runId, runError(grant));
    // The next of the session's queue is not loaded here: the dispatcher calls it.
    if (session.queued_run_ids.length > 0) rules.line.join(undefined);
    return;
  }
  const target = modelTarget(run);
  state.record({
    type: 'action_intended',
    session_id: run.session_id,
    run_id: runId,
    action_id: rules.newId('action'),
    step: call.step,
    kind: call.kind,
    effect: 'repeatable',
    target,
    audit_target: target,
    ...(grant !== undefined && { grant_id: grant }),
    reservation,
    request_digest: promptDigest(call.kind, run, session, rules),
  });
}

/** Of all that a prompt is made of: docs/audit.md says how to check it. */
function promptDigest(kind: string, run: RunState, session: SessionState, rules: Rules): Digest {
  return digestOfJson({
    kind,
    target: modelTarget(run),
    surface: rules.surfaceDigest,
    config_revision: run.config_revision ?? 0,
    system_prompt: session.system_prompt ?? null,
    generation: run.request.generation ?? null,
    transcript: session.transcript_digest ?? null,
    compactions: session.compaction?.count ?? 0,
  });
}

/** The grant under which the call may use its route, if that needs one. */
function grantOrRefusal(
  state: WorkingState,
  { route }: RunState,
  session: SessionState,
  rules: Rules,
): string | undefined | KheishError {
  try {
    return rules.credentials.grant(state, session, route.route_id);
  } catch (error) {
    if (error instanceof KheishError) return error;
    throw error;
  }
}

function known(state: WorkingState, runId: string): { run: RunState; session: SessionState } {
  const run = state.run(runId);
  const session = state.session(run?.session_id ?? '');
  if (run === undefined || session === undefined) throw new Error(`run ${runId} was not loaded`);
  return { run, session };
}
