import { KheishError, QuestionOption, UserQuestion } from '@kheish/core-model';
import * as v from 'valibot';
import type { AskingTool } from './agent-tool.ts';
import { parseInput } from './parse-input.ts';

export const ASK_USER_QUESTION = 'ask_user_question';

const id = v.pipe(v.string(), v.nonEmpty(), v.maxLength(200));

const Option = v.strictObject({ ...QuestionOption.entries, id: v.optional(id) });
const Question = v.strictObject({
  ...UserQuestion.entries,
  id: v.optional(id),
  header: v.optional(UserQuestion.entries.header, ''),
  options: v.optional(v.pipe(v.array(Option), v.maxLength(20)), []),
  multi_select: v.optional(v.boolean(), false),
});
const Input = v.strictObject({
  questions: v.pipe(v.array(Question), v.minLength(1), v.maxLength(4)),
  expires_after_ms: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1_000))),
});

const text = (description: string) => ({ type: 'string', description });

/** Asks the operator, and waits for the answer. */
export const askUserQuestion: AskingTool = {
  kind: 'asking',
  name: ASK_USER_QUESTION,
  description:
    'Asks the operator one to four questions and waits until they are answered together. ' +
    'Offer options where you can; the operator may always answer in words, or decline.',
  inputSchema: {
    type: 'object',
    properties: {
      questions: {
        type: 'array',
        minItems: 1,
        maxItems: 4,
        items: {
          type: 'object',
          properties: {
            id: text('A name for the question in the answer. Default its number.'),
            header: text('A word or two.'),
            question: text('The question.'),
            options: {
              type: 'array',
              maxItems: 20,
              items: {
                type: 'object',
                properties: {
                  id: text('A name for the option. Default its number.'),
                  label: text('What the operator sees.'),
                  description: text('What choosing it means.'),
                  preview: text('An example of the result.'),
                },
                required: ['label'],
                additionalProperties: false,
              },
            },
            multi_select: { type: 'boolean', description: 'Whether several may be chosen.' },
          },
          required: ['question'],
          additionalProperties: false,
        },
      },
      expires_after_ms: {
        type: 'integer',
        minimum: 1000,
        description:
          'Milliseconds after which the question cannot be answered any more and the run is cancelled. Default never.',
      },
    },
    required: ['questions'],
    additionalProperties: false,
  },
  parse: (input) => {
    const { questions, expires_after_ms: expiresAfterMs } = parseInput(Input, input);
    const named = questions.map((question, place) => ({
      ...question,
      id: question.id ?? String(place + 1),
      options: question.options.map((option, index) => ({
        ...option,
        id: option.id ?? String(index + 1),
      })),
    }));
    requireDistinct(named.map((question) => question.id));
    for (const { options } of named) requireDistinct(options.map((option) => option.id));
    return { questions: named, ...(expiresAfterMs !== undefined && { expiresAfterMs }) };
  },
};

function requireDistinct(ids: readonly string[]): void {
  if (new Set(ids).size < ids.length) {
    throw new KheishError('tools/invalid_input', 'Two questions or two options have one id.');
  }
}
