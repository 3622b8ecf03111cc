import * as v from 'valibot';
import { QuestionAnswer, UserQuestionRequest } from '../question/question.ts';
import { RunKind } from '../run/run.ts';

const words = v.pipe(v.string(), v.maxLength(4_000));

export const PendingQuestionView = v.strictObject({
  session_id: v.string(),
  agent_id: v.string(),
  run_id: v.string(),
  run_kind: RunKind,
  request: UserQuestionRequest,
});
export type PendingQuestionView = v.InferOutput<typeof PendingQuestionView>;

export const ResolveQuestionRequest = v.strictObject({
  idempotency_key: v.optional(v.string()),
  resolution: v.strictObject({
    request_id: v.string(),
    /** One for each question, unless it is declined. */
    answers: v.optional(v.pipe(v.array(QuestionAnswer), v.maxLength(16))),
    declined: v.optional(v.boolean()),
    justification: v.optional(words),
  }),
});
export type ResolveQuestionRequest = v.InferOutput<typeof ResolveQuestionRequest>;

export const CancelQuestionRequest = v.strictObject({
  idempotency_key: v.optional(v.string()),
  justification: v.optional(words),
});
export type CancelQuestionRequest = v.InferOutput<typeof CancelQuestionRequest>;
