import type { QuestionAnswer, UserQuestion } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { Simulation, calls } from '../testing/simulation.ts';
import { type QuestionResolution, cancelQuestion, resolveQuestion } from './questions.ts';

const option = (id: string) => ({ id, label: `label ${id}` });
const questions: UserQuestion[] = [
  {
    id: 'one',
    header: '',
    question: 'Which?',
    options: [option('a'), option('b')],
    multi_select: false,
  },
  {
    id: 'many',
    header: '',
    question: 'Which ones?',
    options: [option('a'), option('b')],
    multi_select: true,
  },
  { id: 'words', header: '', question: 'What?', options: [], multi_select: false },
];
const good: QuestionAnswer[] = [
  { question_id: 'one', selected_option_ids: ['b'] },
  { question_id: 'many', selected_option_ids: ['a', 'b'], freeform_answer: 'and more' },
  { question_id: 'words', freeform_answer: 'so' },
];
const with_ = (index: number, answer: Partial<QuestionAnswer>) =>
  good.map((each, place) => (place === index ? { ...each, ...answer } : each));

function asking() {
  const daemon = new Simulation();
  daemon.create('s');
  const { run_id: id, open_actions: open } = daemon.submit('s');
  const turn = calls('question');
  const prepared = turn.calls.map((call) => ({ ...call, asks: { questions } }));
  daemon.settleModel(daemon.state.run(id), open[0]?.action_id ?? '', { ...turn, calls: prepared });
  const run = () => daemon.state.run(id);
  const request_id = run().questions[0]?.id ?? '';
  const load = { session: 's', run: id, admission: true } as const;
  const resolve = (resolution: Omit<QuestionResolution, 'request_id'>) =>
    daemon.state.commit(load, (state) =>
      resolveQuestion(state, id, { request_id, ...resolution }, daemon.rules),
    );
  const cancel = (requestId = request_id) =>
    daemon.state.commit(load, (state) => cancelQuestion(state, id, requestId, 'why', daemon.rules));
  const said = () => daemon.state.tables.transcripts.get('s')?.at(-1);
  return { daemon, run, resolve, cancel, said };
}

test('the run waits, and goes on with the answer as the result of its call', () => {
  const { run, resolve, said } = asking();
  expect(run()).toMatchObject({ status: 'waiting_for_user_question', open_actions: [] });
  resolve({ answers: good, justification: 'because' });
  expect(run()).toMatchObject({ status: 'running', step: 2, questions: [] });
  const message = said();
  expect(message).toMatchObject({ role: 'tool', tool_call_id: 'call_0', is_error: false });
  expect(message?.role === 'tool' && JSON.parse(message.content as string)).toEqual({
    answers: [
      { question_id: 'one', selected: ['label b'] },
      { question_id: 'many', selected: ['label a', 'label b'], freeform_answer: 'and more' },
      { question_id: 'words', freeform_answer: 'so' },
    ],
    justification: 'because',
  });
});

test('a declined question tells the model so', () => {
  const { daemon, run, resolve, said } = asking();
  resolve({ declined: true, justification: 'not now', resolved_by: 'token:token_1' });
  expect(daemon.state.journal).toContainEqual(
    expect.objectContaining({ type: 'question_resolved', resolved_by: 'token:token_1' }),
  );
  expect(run()).toMatchObject({ status: 'running', step: 2 });
  expect(said()).toMatchObject({ content: expect.stringContaining('declined to answer: not now') });
});

describe('an answer is refused', () => {
  test.each<[string, Omit<QuestionResolution, 'request_id'>]>([
    ['question_declined_with_answers', { declined: true, answers: good }],
    ['question_answer_missing', { answers: good.slice(1) }],
    ['question_answer_missing', {}],
    ['question_unknown_answer', { answers: [...good, { question_id: 'x', freeform_answer: 'y' }] }],
    ['question_duplicate_answer', { answers: [...good, good[0] as QuestionAnswer] }],
    ['question_duplicate_option', { answers: with_(1, { selected_option_ids: ['a', 'a'] }) }],
    [
      'question_single_select_violation',
      { answers: with_(0, { selected_option_ids: ['a', 'b'] }) },
    ],
    ['question_option_not_found', { answers: with_(0, { selected_option_ids: ['c'] }) }],
    ['question_answer_empty', { answers: with_(0, { selected_option_ids: [] }) }],
    ['question_answer_empty', { answers: with_(2, { freeform_answer: ' \n' }) }],
  ])('as %s, and changes nothing', (code, resolution) => {
    const { run, resolve } = asking();
    const before = run();
    const refused = expect.objectContaining({ code: `questions/${code}` }) as Error;
    expect(() => resolve(resolution)).toThrow(refused);
    expect(run()).toEqual(before);
  });

  test('where the question is not open any more', () => {
    const { resolve } = asking();
    resolve({ answers: good });
    const conflict = expect.objectContaining({
      code: 'questions/question_state_conflict',
    }) as Error;
    expect(() => resolve({ answers: good })).toThrow(conflict);
  });
});

test('a question that is withdrawn cancels its run, and a stale one changes nothing', () => {
  const { daemon, run, cancel } = asking();
  const conflict = expect.objectContaining({ code: 'questions/question_state_conflict' }) as Error;
  expect(() => cancel('question_0')).toThrow(conflict);
  expect(run().status).toBe('waiting_for_user_question');
  cancel();
  expect(run()).toMatchObject({ status: 'cancelled', questions: [] });
  expect(daemon.state.journal).toContainEqual(
    expect.objectContaining({ type: 'question_voided', justification: 'why' }),
  );
});
