import { KheishError, type RunState } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { runError } from './end-failed.ts';
import { failRun } from './finish-run.ts';
import { goOn } from './go-on.ts';
import { intendToolCall } from './intend-tool-call.ts';
import type { PreparedCall } from './prepared-call.ts';
import { requestAnswer } from './questions.ts';
import { refuseCall } from './refuse-call.ts';
import { requestApproval } from './request-approval.ts';
import type { Rules } from './rules.ts';

/** What becomes of the calls of an answer: each is begun, refused, or waits for the operator, by itself. */
export function decideToolCalls(
  state: WorkingState,
  runId: string,
  calls: readonly PreparedCall[],
  rules: Rules,
): void {
  const run = known(state, runId);
  const excess = excessOf(state, run, calls.length, rules);
  if (excess !== undefined) {
    failRun(state, runId, runError(new KheishError('runs/max_steps_exceeded', excess)), rules);
    return;
  }
  for (const prepared of calls) decideCall(state, run, prepared, rules);
  goOn(state, runId, rules);
}

function decideCall(
  state: WorkingState,
  run: RunState,
  prepared: PreparedCall,
  rules: Rules,
): void {
  if (prepared.hopeless) {
    intendToolCall(state, run, prepared, rules);
    return;
  }
  const { decision, reason } = rules.permit(state, run, prepared);
  if (decision === 'deny') refuseCall(state, run, prepared.call, { by: 'rule', why: reason });
  else if (decision === 'ask') requestApproval(state, run, prepared, reason, rules);
  else if (prepared.asks !== undefined) requestAnswer(state, run, prepared, rules);
  else intendToolCall(state, run, prepared, rules);
}

function excessOf(
  state: WorkingState,
  run: RunState,
  calls: number,
  { limits }: Rules,
): string | undefined {
  const { maxStepsPerRun } = limits;
  const configured = state.runtime(run.config_revision).config.tool_limits.max_calls_per_turn;
  const maxToolCallsPerStep = Math.min(limits.maxToolCallsPerStep, configured);
  if (run.step >= maxStepsPerRun) {
    return `The run made ${maxStepsPerRun} model calls without coming to an end.`;
  }
  if (calls <= maxToolCallsPerStep) return undefined;
  return `The model asked for ${calls} tool calls at once; ${maxToolCallsPerStep} are allowed.`;
}

function known(state: WorkingState, runId: string): RunState {
  const run = state.run(runId);
  if (run === undefined) throw new Error(`run ${runId} was not loaded`);
  return run;
}
