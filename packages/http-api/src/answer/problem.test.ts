import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Handlers } from '../call/call.ts';
import { rawRequest, refusalOf } from '../testing/raw-request.ts';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

describe('errors', () => {
  test('a KheishError is told as it is, with Retry-After in whole seconds', async () => {
    const handlers = echoHandlers({
      getStatus: () => {
        throw new KheishError('runs/queue_full', 'Too many queued runs.', { retryAfterMs: 1_001 });
      },
    });
    const { port, logged } = await runningApi({ handlers });
    const answer = await rawRequest(port, { path: '/v1/status' });
    expect(answer.headers['retry-after']).toBe('2');
    expect(answer.json()).toEqual({
      type: 'urn:kheish:problem:queue_full',
      title: expect.any(String),
      status: 429,
      detail: 'Too many queued runs.',
      code: 'queue_full',
      domain: 'runs',
      retry_after_ms: 1_001,
    });
    expect(logged).toEqual([]);
  });

  test.each([
    ['an Error', () => Promise.reject(new Error('the secret'))],
    [
      'an internal KheishError',
      () => Promise.reject(new KheishError('api/internal_error', 'the secret')),
    ],
    ['a thrown string', () => Promise.reject('the secret')],
    [
      'a cyclic answer',
      () => {
        const a: Record<string, unknown> = { the: 'secret' };
        a['a'] = a;
        return a;
      },
    ],
  ])('%s is a 500 that says nothing, and a log line with the request id', async (_, fail) => {
    const handlers = echoHandlers({ getStatus: fail as unknown as Handlers['getStatus'] });
    const { port, logged } = await runningApi({ handlers });
    const answer = rawRequest(port, { path: '/v1/status' });
    expect(await refusalOf(answer)).toEqual([500, 'api/internal_error']);
    expect((await answer).text).not.toContain('secret');
    expect(logged.map(({ fields }) => fields['request_id'])).toEqual([
      (await answer).headers['x-request-id'],
    ]);
  });

  test('request ids differ', async () => {
    const { port } = await runningApi();
    const ids = await Promise.all(
      Array.from({ length: 20 }, async () => {
        const answer = await rawRequest(port, { path: '/healthz' });
        return answer.headers['x-request-id'];
      }),
    );
    expect(new Set(ids).size).toBe(20);
  });
});
