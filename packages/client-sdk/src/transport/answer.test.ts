import { KheishError, operations } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { UnexpectedAnswer } from '../errors.ts';
import { runView } from '../testing/journal-server.ts';
import { decodeAnswer, isReportedByDaemon, problemOf } from './answer.ts';

const answer = (status: number, headers: Record<string, string> = {}) =>
  new Response('', { status, headers });
const details = (domain: string, code: string, more: object = {}) =>
  JSON.stringify({ type: '', title: '', status: 0, detail: 'so it is', domain, code, ...more });

describe('problemOf', () => {
  test('rebuilds the error by its names', () => {
    const error = problemOf(answer(404), details('runs', 'run_not_found'));
    expect(error).toBeInstanceOf(KheishError);
    expect(error).toMatchObject({ code: 'runs/run_not_found', status: 404, message: 'so it is' });
    expect(isReportedByDaemon(error as KheishError)).toBe(true);
    expect(isReportedByDaemon(new KheishError('runs/run_not_found', ''))).toBe(false);
  });

  test('has the wait of the body, else of the header', () => {
    const header = { 'retry-after': '60' };
    const inBody = details('auth', 'rate_limited', { retry_after_ms: 250 });
    expect(problemOf(answer(429, header), inBody)).toMatchObject({ retryAfterMs: 250 });
    const bare = details('auth', 'rate_limited');
    expect(problemOf(answer(429, header), bare)).toMatchObject({ retryAfterMs: 60_000 });
    expect(problemOf(answer(429), bare)).toMatchObject({ retryAfterMs: undefined });
  });

  test('keeps status and names of a problem that this version does not know', () => {
    const error = problemOf(answer(409), details('budgets', 'budget_spent'));
    expect(error).toBeInstanceOf(UnexpectedAnswer);
    expect(error).toMatchObject({
      status: 409,
      message: 'daemon returned 409 (budgets/budget_spent): so it is',
    });
  });

  test('says so where there are no problem details', () => {
    expect(problemOf(answer(502), '<html>')).toMatchObject({
      name: 'UnexpectedAnswer',
      status: 502,
    });
    expect(problemOf(answer(500), 'null')).toBeInstanceOf(UnexpectedAnswer);
  });
});

const decode = (value: unknown) =>
  decodeAnswer(operations.getRun, answer(200), JSON.stringify(value));

describe('decodeAnswer', () => {
  test('lets fields pass that a newer daemon has added', () => {
    const value = {
      ...runView('completed'),
      request: { ...runView('x').request, later: 1 },
      later: 2,
    };
    expect(decode(value)).toEqual(value);
  });

  test('refuses a missing field, a foreign value and what is not JSON', () => {
    const { run_id: _, ...rest } = runView('completed');
    expect(() => decode(rest)).toThrow(UnexpectedAnswer);
    expect(() => decode(runView('dreaming'))).toThrow(/status/);
    expect(() => decodeAnswer(operations.getRun, answer(200), 'ok')).toThrow(UnexpectedAnswer);
  });

  test('a text is a text', () => {
    expect(decodeAnswer(operations.healthz, answer(200), 'ok\n')).toBe('ok\n');
  });
});
