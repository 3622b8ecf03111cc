import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { created } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { IdempotencyRequest, OnceCommand } from './command.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const request = { scope: 'operator POST /v1/sessions', key: 'key-1', fingerprint: 'sha256:a' };

function creating(
  sessionId: string,
  idempotency: IdempotencyRequest = request,
): OnceCommand<string> {
  return {
    load: { session: sessionId },
    decide: (state) => {
      state.record(created(sessionId));
      return sessionId;
    },
    idempotency,
    answer: (result) => ({ status: 201, body: JSON.stringify({ session_id: result }) }),
  };
}

const first = { status: 201, body: '{"session_id":"s0"}' };

describe('a command with an idempotency key', () => {
  test('of a hundred twins one acts, and the others get its answer', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const twins = Array.from({ length: 100 }, (_, index) => creating(`s${index}`));
    const answers = await Promise.all(twins.map((twin) => store.commitOnce(twin)));

    expect(answers[0]).toEqual({ result: 's0' });
    expect(answers.slice(1)).toEqual(Array.from({ length: 99 }, () => ({ replayed: first })));
    expect(store.feed.head()).toBe(1);
  });

  test('is a conflict with another request, and another key in another scope', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commitOnce(creating('s0'));

    const other = creating('s1', { ...request, fingerprint: 'sha256:b' });
    await expect(store.commitOnce(other)).rejects.toMatchObject({
      code: 'idempotency/idempotency_conflict',
      message: expect.stringContaining('Use a new key for a new request.'),
    });
    const elsewhere = creating('s2', { ...request, scope: 'operator POST /v1/other' });
    expect(await store.commitOnce(elsewhere)).toEqual({ result: 's2' });
    const otherKey = creating('s3', { ...request, key: 'key-2' });
    expect(await store.commitOnce(otherKey)).toEqual({ result: 's3' });
    expect(store.read.session('s1')).toBeUndefined();
  });

  test('keeps its answer for exactly seven days, across restarts', async () => {
    await using root = new TemporaryRoot();
    await using before = root.open();
    await before.commitOnce(creating('s0'));
    await before.close();

    root.clock.advance(7 * DAY_MS - 1);
    const store = root.open();
    expect(await store.commitOnce(creating('s1'))).toEqual({ replayed: first });
    root.clock.advance(1);
    expect(await store.commitOnce(creating('s2'))).toEqual({ result: 's2' });
    expect(await store.commitOnce(creating('s3'))).toMatchObject({ replayed: { status: 201 } });
  });

  test('what has expired is thrown away at the next start', async () => {
    await using root = new TemporaryRoot();
    await using before = root.open();
    await before.commitOnce(creating('s0'));
    await before.close();
    const kept = () => root.rows('SELECT 1 FROM idempotency').length;
    expect(kept()).toBe(1);
    root.clock.advance(7 * DAY_MS + 1);
    root.open();
    expect(kept()).toBe(0);
  });

  test('a refusal uses up no key', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const refusing: OnceCommand<string> = {
      ...creating('s0'),
      decide: () => {
        throw new KheishError('runs/queue_full', 'no');
      },
    };
    await expect(store.commitOnce(refusing)).rejects.toMatchObject({ code: 'runs/queue_full' });
    expect(await store.commitOnce(creating('s0'))).toEqual({ result: 's0' });
  });

  test('an answer that cannot be made undoes what it would have answered', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const unanswerable: OnceCommand<string> = {
      ...creating('s0'),
      answer: () => {
        throw new Error('a bug');
      },
    };
    await expect(store.commitOnce(unanswerable)).rejects.toThrow('a bug');
    expect(store.read.session('s0')).toBeUndefined();
    expect(store.feed.head()).toBe(0);
    expect(await store.commitOnce(creating('s0'))).toEqual({ result: 's0' });
  });

  test('keeps no key in plain text', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commitOnce(creating('s0', { ...request, key: 'top-secret-key' }));
    const rows = root.rows('SELECT * FROM idempotency');
    expect(JSON.stringify(rows)).not.toContain('top-secret-key');
  });
});
