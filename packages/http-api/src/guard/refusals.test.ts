import type { IncomingMessage } from 'node:http';
import type { AuthFailure } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { type Refusal, Refusals } from './refusals.ts';

function refusing() {
  const noted: AuthFailure[] = [];
  const time = { ms: 0 };
  const clock = { now: () => 7, monotonic: () => time.ms, sleep: () => Promise.resolve() };
  const refusals = new Refusals(clock, (failure) => noted.push(failure));
  const add = (
    address: string,
    more: Partial<Refusal> = {},
    asked: Partial<IncomingMessage> = {},
  ) =>
    refusals.add({ kind: 'auth', reason: 'missing_token', access: 'read', ...more }, {
      socket: { remoteAddress: address },
      method: 'GET',
      url: '/v1/status?x=1',
      headers: {},
      ...asked,
    } as IncomingMessage);
  return { add, noted, time };
}

const count = (noted: readonly AuthFailure[], event: AuthFailure['event']) =>
  noted.filter((failure) => failure.event === event).length;

test('60 of a cause from an address are noted, then that there are more, then none, until the minute is over', () => {
  const { add, noted, time } = refusing();
  const limited = Array.from({ length: 100 }, () => add('a'));
  expect(limited.filter(Boolean).length).toBe(40);
  expect([count(noted, 'auth_failure'), count(noted, 'auth_rate_limited')]).toEqual([60, 1]);
  expect([add('b'), add('a', { reason: 'invalid_token' })]).toEqual([false, false]);
  expect(noted.length).toBe(63);
  time.ms = 60_000;
  expect(add('a')).toBe(false);
  expect(noted.length).toBe(64);
});

test('of all addresses together 600 are noted in a minute, and none is limited by the others', () => {
  const { add, noted, time } = refusing();
  const limited = Array.from({ length: 5_000 }, (_, n) => add(`address ${n}`));
  expect(limited).not.toContain(true);
  expect([count(noted, 'auth_failure'), count(noted, 'auth_rate_limited')]).toEqual([600, 1]);
  time.ms = 60_000;
  add('one more');
  expect(noted.length).toBe(602);
});

test.each([
  ['auth', 'auth_failure', 'auth_rate_limited'],
  ['cors', 'cors_origin_rejected', 'cors_origin_rate_limited'],
  ['host', 'host_rejected', 'host_rate_limited'],
] as const)('a refusal of kind %s is noted as %s', (kind, one, many) => {
  const { add, noted } = refusing();
  for (let n = 0; n < 61; n += 1) add('a', { kind });
  expect([noted[0]?.event, noted[60]?.event]).toEqual([one, many]);
});

test('what is noted is bounded, and has neither a query nor what was presented', () => {
  const { add, noted } = refusing();
  const token = 'presented-token';
  add(
    'a',
    { tokenId: 'token_1', access: 'admin' },
    {
      method: 'DELETE',
      url: `/v1/${token}/${'x'.repeat(1_000)}?token=${token}#${token}`,
      headers: { authorization: `Bearer ${token}`, origin: `http://${'o'.repeat(1_000)}` },
    },
  );
  expect(noted).toEqual([
    {
      timestamp_ms: 7,
      event: 'auth_failure',
      method: 'DELETE',
      path: `/v1/[redacted]/${'x'.repeat(1_000)}`.slice(0, 256),
      reason: 'missing_token',
      origin: `http://${'o'.repeat(1_000)}`.slice(0, 256),
      remote_addr: 'a',
      required_access: 'admin',
      token_id: 'token_1',
    },
  ]);
});
