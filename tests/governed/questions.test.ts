import type { PendingQuestionView, QuestionAnswer, RunView } from '@kheish/client-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Operator, type ToolCall, answerOf, calls } from './operator.ts';

let operator: Operator;
beforeAll(async () => (operator = await Operator.start()));
afterAll(() => operator[Symbol.asyncDispose]());

const questions = [
  {
    id: 'color',
    question: 'Which color?',
    options: [
      { id: 'r', label: 'Red' },
      { id: 'b', label: 'Blue' },
    ],
  },
  {
    id: 'sides',
    question: 'Which sides?',
    multi_select: true,
    options: [
      { id: 'l', label: 'Left' },
      { id: 't', label: 'Top' },
    ],
  },
];
const asking: ToolCall = ['ask_user_question', { questions }];

const color = { question_id: 'color', selected_option_ids: ['b'] };
const sides = { question_id: 'sides', selected_option_ids: ['l', 't'], freeform_answer: 'mostly' };

async function waiting(): Promise<{ session: string; run: RunView; id: string }> {
  const session = await operator.session();
  const run = await operator.run(session, calls([asking]));
  return { session, run, id: run.pending_question_ids?.[0] ?? '' };
}

const answer = (id: string, ...more: string[]) => ['questions', 'answer', id, ...more];
const json = (...answers: QuestionAnswer[]) => ['--answers-json', JSON.stringify(answers)];

test('a question makes the run wait, exit code 14, until options and words answer it [holds questions.wait_for_operator]', async () => {
  const session = await operator.session();
  const run = await operator.input(session, calls([asking]), 14);
  expect(run.status).toBe('waiting_for_user_question');
  const list = ['questions', 'list', '--session-id', session];
  const [view] = (await operator.command<PendingQuestionView[]>(list)).json;
  const id = view?.request.id ?? '';
  expect((await operator.command(['questions', 'show', id])).json).toMatchObject({
    run_id: run.run_id,
    request: { questions: [{ id: 'color' }, { id: 'sides', multi_select: true }] },
  });
  await operator.command(['runs', 'wait', run.run_id], 14);
  const { json: ended } = await operator.command([...answer(id, ...json(color, sides)), '--wait']);
  expect(answerOf(ended)).toContain(
    JSON.stringify({
      answers: [
        { question_id: 'color', selected: ['Blue'] },
        { question_id: 'sides', selected: ['Left', 'Top'], freeform_answer: 'mostly' },
      ],
    }),
  );
  await operator.command([...answer(id, ...json(color, sides)), '--run-id', run.run_id], 6);
});

describe('a question', () => {
  test('that is declined is answered so, and the run goes on', async () => {
    const { id } = await waiting();
    const decline = answer(id, '--declined', '--justification', 'your choice', '--wait');
    expect(answerOf((await operator.command(decline)).json)).toContain(
      'declined to answer: your choice',
    );
  });

  test('that is withdrawn cancels its run, and the session goes on', async () => {
    const { id, session, run } = await waiting();
    await operator.command(['questions', 'cancel', id]);
    expect((await operator.client.runs.get(run.run_id)).status).toBe('cancelled');
    expect((await operator.run(session, 'scripted: say on')).status).toBe('completed');
  });

  test('that nobody answers in time cancels its run; then it is too late, and the session goes on', async () => {
    const session = await operator.session();
    const { run_id, pending_question_ids: [id = ''] = [] } = await operator.run(
      session,
      calls([['ask_user_question', { questions, expires_after_ms: 1000 }]]),
    );
    const run = await operator.client.runs.wait(run_id, { timeoutMs: 20_000 });
    expect(run.status).toBe('cancelled');
    await operator.command(answer(id, '--declined', '--run-id', run_id), 6);
    expect((await operator.run(session, 'scripted: say on')).status).toBe('completed');
  });

  test('is not answered by what does not fit it, and stays open [holds questions.wrong_answers]', async () => {
    const { run, id } = await waiting();
    const wrong: [string, QuestionAnswer[], boolean?][] = [
      ['question_unknown_answer', [color, sides, { ...color, question_id: 'size' }]],
      ['question_duplicate_answer', [color, color, sides]],
      ['question_answer_missing', [color]],
      ['question_duplicate_option', [color, { ...sides, selected_option_ids: ['l', 'l'] }]],
      ['question_single_select_violation', [{ ...color, selected_option_ids: ['r', 'b'] }, sides]],
      ['question_option_not_found', [{ ...color, selected_option_ids: ['g'] }, sides]],
      ['question_answer_empty', [{ question_id: 'color', freeform_answer: ' ' }, sides]],
      ['question_declined_with_answers', [color, sides], true],
    ];
    for (const [code, answers, declined] of wrong) {
      const resolution = { request_id: id, answers, ...(declined && { declined }) };
      await expect(
        operator.client.questions.resolve(run.run_id, resolution),
        code,
      ).rejects.toMatchObject({ code: `questions/${code}` });
    }
    const conflict = operator.client.questions.resolve(run.run_id, { request_id: 'question_0' });
    await expect(conflict).rejects.toMatchObject({ code: 'questions/question_state_conflict' });
    await operator.command([...answer(id, ...json(color, sides)), '--wait']);
  });
});
