import {
  KheishError,
  type QuestionAnswer,
  type RunState,
  type UserQuestion,
  type UserQuestionRequest,
  isWaiting,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { ASK_USER_QUESTION } from '../tools/ask-user-question.ts';
import { answerableRun, resumeRun } from './answerable-run.ts';
import { goOn } from './go-on.ts';
import type { PreparedCall } from './prepared-call.ts';
import type { Rules } from './rules.ts';
import { cancelRun } from './stop-run.ts';
import { voidQuestion } from './void-requests.ts';

/** Lets the run wait for the operator's answer. */
export function requestAnswer(
  state: WorkingState,
  run: RunState,
  { call, asks }: PreparedCall,
  rules: Rules,
): void {
  if (asks === undefined) throw new Error(`call ${call.tool_call_id} asks nothing`);
  state.record({
    type: 'question_requested',
    session_id: run.session_id,
    run_id: run.run_id,
    request: {
      id: rules.newId('question'),
      tool_call_id: call.tool_call_id,
      questions: [...asks.questions],
      created_at_ms: state.atMs,
      ...(asks.expiresAfterMs !== undefined && {
        expires_at_ms: state.atMs + asks.expiresAfterMs,
      }),
    },
  });
}

export interface QuestionResolution {
  readonly request_id: string;
  readonly answers?: readonly QuestionAnswer[];
  readonly declined?: boolean;
  readonly justification?: string;
  /** Whose answer it is. */
  readonly resolved_by?: string | undefined;
}

/** Takes the answer to all questions of a request, or that there will be none. Throws `questions/...` or `runs/...`. */
export function resolveQuestion(
  state: WorkingState,
  runId: string,
  resolution: QuestionResolution,
  rules: Rules,
): RunState {
  const run = answerableRun(state, runId, rules);
  const request = openQuestion(run, resolution.request_id, state.atMs);
  const { answers = [], declined = false, justification, resolved_by } = resolution;
  if (declined && answers.length > 0) {
    throw new KheishError(
      'questions/question_declined_with_answers',
      'A request is either declined or answered.',
    );
  }
  const content = declined
    ? declinedText(justification)
    : JSON.stringify({ answers: checkedAnswers(request.questions, answers), justification });
  state.record({
    type: 'question_resolved',
    session_id: run.session_id,
    run_id: runId,
    request_id: request.id,
    declined,
    ...(resolved_by !== undefined && { resolved_by }),
    ...(justification !== undefined && { justification }),
    message: {
      role: 'tool',
      tool_call_id: request.tool_call_id,
      tool_name: ASK_USER_QUESTION,
      content,
      is_error: false,
    },
  });
  const left = state.run(runId);
  if (isWaiting(run.status) && left?.approvals.length === 0 && left.questions.length === 0) {
    resumeRun(state, run, rules);
  }
  goOn(state, runId, rules);
  return state.run(runId) ?? run;
}

function declinedText(justification: string | undefined): string {
  const why = justification === undefined ? '' : `: ${justification}`;
  return `The operator declined to answer${why}. Go on without the answer, or say why you cannot.`;
}

/** Withdraws a question: its run cannot go on without it, and is cancelled. */
export function cancelQuestion(
  state: WorkingState,
  runId: string,
  requestId: string,
  justification: string | undefined,
  rules: Rules,
): RunState {
  const run = answerableRun(state, runId, rules);
  const request = openQuestion(run, requestId, state.atMs);
  voidQuestion(state, run, request, { reason: 'withdrawn', justification });
  return cancelRun(state, runId, rules);
}

/** Nobody answered in time: the run is cancelled. */
export function expireQuestion(
  state: WorkingState,
  runId: string,
  requestId: string,
  rules: Rules,
): void {
  const run = state.run(runId);
  if (run === undefined || run.stop !== undefined) return;
  const request = run.questions.find(({ id }) => id === requestId);
  if (request === undefined) return;
  voidQuestion(state, run, request, { reason: 'expired' });
  cancelRun(state, runId, rules);
}

function openQuestion(run: RunState, requestId: string, nowMs: number): UserQuestionRequest {
  const request = run.questions.find(({ id }) => id === requestId);
  if (request === undefined) {
    throw new KheishError(
      'questions/question_state_conflict',
      `Run ${run.run_id} has no open question ${requestId}.`,
    );
  }
  if (request.expires_at_ms !== undefined && request.expires_at_ms <= nowMs) {
    throw new KheishError('questions/question_expired', `The question ${requestId} has expired.`);
  }
  return request;
}

/** The answers, one for each question, with the labels that the model knows. */
function checkedAnswers(
  questions: readonly UserQuestion[],
  answers: readonly QuestionAnswer[],
): object[] {
  const ids = answers.map(({ question_id }) => question_id);
  const unknown = ids.find((id) => !questions.some((question) => question.id === id));
  if (unknown !== undefined) {
    throw new KheishError(
      'questions/question_unknown_answer',
      `There is no question "${unknown}".`,
    );
  }
  if (new Set(ids).size < ids.length) {
    throw new KheishError('questions/question_duplicate_answer', 'A question is answered twice.');
  }
  return questions.map((question) => {
    const answer = answers.find(({ question_id }) => question_id === question.id);
    if (answer === undefined) {
      throw new KheishError(
        'questions/question_answer_missing',
        `The question "${question.id}" is not answered; all questions of a request are answered together.`,
      );
    }
    return checkedAnswer(question, answer);
  });
}

function checkedAnswer(question: UserQuestion, answer: QuestionAnswer): object {
  const { selected_option_ids: selected = [], freeform_answer: freeform } = answer;
  if (new Set(selected).size < selected.length) {
    throw new KheishError(
      'questions/question_duplicate_option',
      `An option of "${question.id}" is chosen twice.`,
    );
  }
  if (!question.multi_select && selected.length > 1) {
    throw new KheishError(
      'questions/question_single_select_violation',
      `Only one option of "${question.id}" may be chosen.`,
    );
  }
  const chosen = selected.map((id) => {
    const option = question.options.find((one) => one.id === id);
    if (option !== undefined) return option.label;
    throw new KheishError(
      'questions/question_option_not_found',
      `"${question.id}" has no option "${id}".`,
    );
  });
  const words = freeform?.trim() === '' ? undefined : freeform;
  if (chosen.length === 0 && words === undefined) {
    throw new KheishError(
      'questions/question_answer_empty',
      `The answer to "${question.id}" chooses nothing and says nothing.`,
    );
  }
  return {
    question_id: question.id,
    ...(chosen.length > 0 && { selected: chosen }),
    ...(words !== undefined && { freeform_answer: words }),
  };
}
