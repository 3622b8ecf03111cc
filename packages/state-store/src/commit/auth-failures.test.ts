import type { ApiToken, AuthFailure } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const failure = (n: number): AuthFailure => ({
  timestamp_ms: n,
  event: 'auth_failure',
  method: 'GET',
  path: '/v1/status',
  reason: 'missing_token',
});

test('who was not let in is kept without an event, newest first, and the oldest make room', async () => {
  await using root = new TemporaryRoot();
  const store = root.open();
  const note = (from: number, count: number) =>
    store.commit({
      load: {},
      decide: (state) =>
        state.noteAuthFailures(Array.from({ length: count }, (_, n) => failure(from + n))),
    });
  await note(1, 3);
  const listed = store.read.authFailures({ limit: 2 });
  expect(listed.map(({ failure: { timestamp_ms: at } }) => at)).toEqual([3, 2]);
  const rest = store.read.authFailures({ before: listed[1]?.position ?? 0, limit: 2 });
  expect(rest.map(({ failure: told }) => told)).toEqual([failure(1)]);
  expect(store.feed.head()).toBe(0);
  await note(4, 10_005);
  const kept = store.read.authFailures({ limit: 20_000 });
  expect([kept.length, kept[0]?.failure, kept.at(-1)?.failure]).toEqual([
    10_000,
    failure(10_008),
    failure(9),
  ]);
  expect((await store.verify()).findings).toEqual([]);
});

const token: ApiToken = {
  token_id: 'token_1',
  name: 'ci',
  role: 'operator',
  digest: `sha256:${'0'.repeat(64)}`,
  created_at_ms: 1_000,
  created_by: 'admin',
  expires_at_ms: 9_000,
};

test.each([
  ['another role', `UPDATE api_tokens SET role = 'admin'`],
  ['another name', `UPDATE api_tokens SET name = 'ic'`],
  ['a later end', 'UPDATE api_tokens SET expires_at_ms = 99999'],
  ['no end', 'UPDATE api_tokens SET expires_at_ms = NULL'],
  ['no digest', 'UPDATE api_tokens SET digest = NULL'],
  ['a revocation that nobody made', 'UPDATE api_tokens SET revoked_at_ms = 7'],
  ['another maker', `UPDATE api_tokens SET created_by = 'x'`],
  ['another birth', 'UPDATE api_tokens SET created_at_ms = 7'],
  ['another id', `UPDATE api_tokens SET token_id = 'token_2'`],
  ['no row', 'DELETE FROM api_tokens'],
  [
    'a row that nobody made',
    `INSERT INTO api_tokens SELECT 'token_2', name, role, digest, created_at_ms, created_by, NULL, NULL FROM api_tokens`,
  ],
  [
    'a revocation undone',
    `INSERT INTO journal SELECT seq + 1, NULL, NULL, 'token_revoked', json_object('type', 'token_revoked', 'seq', seq + 1, 'at_ms', 1, 'v', 1, 'token_id', 'token_1', 'revoked_by', 'x') FROM journal`,
  ],
])('a token with %s is found', async (_, damage) => {
  await using root = new TemporaryRoot();
  const store = root.open();
  await store.commit({
    load: {},
    decide: (state) => {
      const { digest: _digest, created_at_ms: _at, ...told } = token;
      state.record({ type: 'token_created', ...told });
      state.keepToken({ ...token, created_at_ms: state.atMs });
    },
  });
  expect((await store.verify()).findings).toEqual([]);
  await store.close();
  root.sql(damage);
  const found = (await root.open().verify()).findings.map(({ check }) => check);
  expect(new Set(found)).toEqual(new Set(['token']));
});
