import { describe, expect, test } from 'vitest';
import { approvalView, question, questionView } from '../testing/views.ts';
import { ApprovalForm } from './approval-form.ts';
import { QuestionForm } from './question-form.ts';

const take = (line: string) => new ApprovalForm(approvalView('a1').request, undefined).take(line);

describe('an approval', () => {
  test.each(['y', 'Y', ' yes '])('%j allows', (line) => {
    expect(take(line)).toEqual({ resolution: { request_id: 'a1', behavior: 'allow' } });
  });

  test.each([
    ['n', undefined],
    ['No', undefined],
    ['n not there', 'not there'],
    ['no, never', undefined],
  ])('%j denies, or is no answer', (line, reason) => {
    expect(take(line)).toEqual(
      line.includes(',')
        ? { hint: expect.any(String) }
        : { resolution: { request_id: 'a1', behavior: 'deny', ...(reason && { reason }) } },
    );
  });

  test.each(['', 'yes please', 'ya', 'now', 'all'])('%j is no answer', (line) => {
    expect(take(line)).toEqual({ hint: expect.stringContaining('allows') });
  });

  test('s shows all of it', () => {
    expect(take('s')).toEqual({
      more: expect.arrayContaining([expect.stringMatching(/digest sha/)]),
    });
  });
});

const form = (...questions: ReturnType<typeof question>[]) =>
  new QuestionForm(questionView('q1', questions).request);
const answer = (more: object) => ({
  resolution: { request_id: 'q1', answers: [{ question_id: 'c', ...more }] },
});

describe('a question', () => {
  const options = [
    { id: 'red', label: 'Red', description: 'as blood', preview: 'one\ntwo' },
    { id: 'blue', label: 'Blue' },
  ];
  const one = (more: object, line: string) => form(question('c', { options, ...more })).take(line);
  test('shows its options by number', () => {
    expect(form(question('c', { header: 'Colour', options })).lines).toEqual([
      '? Colour: c?',
      '  1. Red: as blood',
      '       one',
      '       two',
      '  2. Blue',
    ]);
  });

  test('takes a number, or words', () => {
    expect(one({}, '2')).toEqual(answer({ selected_option_ids: ['blue'] }));
    expect(one({}, 'green, 2')).toEqual(answer({ freeform_answer: 'green, 2' }));
    expect(one({ options: [] }, '2')).toEqual(answer({ freeform_answer: '2' }));
  });

  test('takes several numbers where several may be chosen, each once', () => {
    expect(one({ multi_select: true }, '2, 1,2')).toEqual(
      answer({ selected_option_ids: ['blue', 'red'] }),
    );
    expect(one({}, '1,2')).toEqual({ hint: 'only one option may be chosen' });
  });

  test.each(['0', '3', '', '  ', '/exit'])('%j is no answer', (line) => {
    expect(one({}, line)).toEqual({ hint: expect.any(String) });
  });

  test('is declined as a whole, at any place', () => {
    expect(one({}, '/decline')).toEqual({ resolution: { request_id: 'q1', declined: true } });
    const two = form(question('a'), question('b'));
    two.take('first');
    expect(two.take('/decline no time')).toEqual({
      resolution: { request_id: 'q1', declined: true, justification: 'no time' },
    });
  });

  test('is asked with the others of its request, one after the other', () => {
    const two = form(question('a'), question('b', { options }));
    expect(two.prompt).toContain('1 of 2');
    expect(two.take('first')).toEqual({ more: expect.arrayContaining(['? b?']) });
    expect(two.prompt).toContain('2 of 2');
    expect(two.take('1')).toEqual({
      resolution: {
        request_id: 'q1',
        answers: [
          { question_id: 'a', freeform_answer: 'first' },
          { question_id: 'b', selected_option_ids: ['red'] },
        ],
      },
    });
  });
});
