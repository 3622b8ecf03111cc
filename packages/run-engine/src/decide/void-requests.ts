import type { RunState, UserQuestionRequest, VoidReason } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { ASK_USER_QUESTION } from '../tools/ask-user-question.ts';
import { refuseCall } from './refuse-call.ts';

/** What was asked is open no more: its run ends. Its calls are answered, so that a transcript leaves none open. */
export function voidRequests(state: WorkingState, runId: string): void {
  const run = state.run(runId);
  if (run === undefined) return;
  const ids = { session_id: run.session_id, run_id: runId, reason: 'run_ended' } as const;
  for (const request of run.approvals) {
    state.record({ type: 'approval_voided', ...ids, request_id: request.id });
    if (request.kind === 'tool') refuseCall(state, run, request, runEnded);
  }
  for (const request of run.questions) voidQuestion(state, run, request, { reason: 'run_ended' });
}

const runEnded = { by: 'run_end', why: 'its run ended.' } as const;

/** Nobody answers the question any more. */
export function voidQuestion(
  state: WorkingState,
  run: RunState,
  request: UserQuestionRequest,
  why: { readonly reason: VoidReason; readonly justification?: string | undefined },
): void {
  const { reason, justification } = why;
  state.record({
    type: 'question_voided',
    session_id: run.session_id,
    run_id: run.run_id,
    request_id: request.id,
    reason,
    ...(justification !== undefined && { justification }),
  });
  const call = { tool_call_id: request.tool_call_id, tool_name: ASK_USER_QUESTION };
  refuseCall(state, run, call, runEnded);
}
