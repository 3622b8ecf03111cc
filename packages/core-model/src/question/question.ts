import * as v from 'valibot';

const shortText = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));
const longText = v.pipe(v.string(), v.nonEmpty(), v.maxLength(4_000));

export const QuestionOption = v.strictObject({
  id: shortText,
  label: shortText,
  description: v.optional(longText),
  preview: v.optional(longText),
});
export type QuestionOption = v.InferOutput<typeof QuestionOption>;

/** One question. Without options it is answered in words; with options also, where none of them fits. */
export const UserQuestion = v.strictObject({
  id: shortText,
  /** A word or two, for a narrow column. */
  header: v.pipe(v.string(), v.maxLength(80)),
  question: longText,
  options: v.pipe(v.array(QuestionOption), v.maxLength(20)),
  multi_select: v.boolean(),
});
export type UserQuestion = v.InferOutput<typeof UserQuestion>;

/** What a run asks its operator; its questions are answered together. */
export const UserQuestionRequest = v.strictObject({
  id: v.string(),
  tool_call_id: v.string(),
  questions: v.pipe(v.array(UserQuestion), v.minLength(1), v.maxLength(4)),
  created_at_ms: v.number(),
  /** From then on nobody can answer it, and its run is cancelled. */
  expires_at_ms: v.optional(v.number()),
});
export type UserQuestionRequest = v.InferOutput<typeof UserQuestionRequest>;

/** `selected_option_ids` at most one unless the question is multi-select; `freeform_answer` in place of them or beside. */
export const QuestionAnswer = v.strictObject({
  question_id: v.string(),
  selected_option_ids: v.optional(v.array(v.string())),
  freeform_answer: v.optional(v.pipe(v.string(), v.maxLength(20_000))),
});
export type QuestionAnswer = v.InferOutput<typeof QuestionAnswer>;

const ERASED = 'erased';

/** Without the words. */
export function eraseQuestion(request: UserQuestionRequest): UserQuestionRequest {
  return {
    ...request,
    questions: request.questions.map(({ options, multi_select }, index) => ({
      id: String(index),
      header: '',
      question: ERASED,
      options: options.map((_option, place) => ({ id: String(place), label: ERASED })),
      multi_select,
    })),
  };
}
