import { type Operation, type OperationId, operations } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Role } from '../call/call.ts';
import { postJson, rawRequest } from '../testing/raw-request.ts';
import { realClock, runningApi } from '../testing/running-api.ts';
import { bearerAuth } from './bearer.ts';

const tokens: Record<string, Role> = { 'admin-token': 'admin', 'read-token': 'read' };
const access = { enabled: true, authenticate: (presented: string) => tokens[presented] };

const presented: [string, string | undefined, string][] = [
  ['the admin token', 'Bearer admin-token', 'admin'],
  ['the read-only token', 'Bearer read-token', 'read'],
  ['any case and spaces', 'bEARER   admin-token  ', 'admin'],
  ['no header', undefined, 'missing_token'],
  ['another scheme', 'Basic admin-token', 'malformed_token'],
  ['no token', 'Bearer ', 'malformed_token'],
  ['the bare token', 'admin-token', 'malformed_token'],
  ['two words', 'Bearer admin-token more', 'malformed_token'],
  ['an unknown token', 'Bearer admin-tokens', 'invalid_token'],
];

describe('bearer authentication', () => {
  test.each(presented)(
    'with %s every operation answers as its access says',
    async (_, authorization, outcome) => {
      const { port } = await runningApi({ access });
      for (const id of Object.keys(operations) as OperationId[]) {
        const operation: Operation = operations[id];
        const answer = await rawRequest(port, {
          // HEAD is GET without a body, and does not keep a stream open.
          method: operation.method === 'GET' ? 'HEAD' : operation.method,
          path: operation.path.replaceAll(/\{\w+\}/g, 'x'),
          headers: authorization === undefined ? {} : { authorization },
        });
        const open = operation.access === 'open' || outcome === 'admin';
        const readable =
          outcome === 'read' && operation.method === 'GET' && operation.access === 'read';
        const allowed = open || readable;
        const refusal = [401, 403].includes(answer.status) ? answer.status : undefined;
        const expected = outcome === 'read' ? 403 : 401;
        expect([id, refusal]).toEqual([id, allowed ? undefined : expected]);
      }
    },
  );

  test.each(presented.filter(([, , outcome]) => outcome.endsWith('_token')))(
    'with %s the problem is auth, with the challenge',
    async (_, authorization, code) => {
      const { port } = await runningApi({ access });
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const answer = await rawRequest(port, { path: '/v1/status', headers });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Bearer realm="kheish-daemon"');
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.json()).toMatchObject({
        domain: 'auth',
        code,
        detail: 'A valid bearer token is required.',
      });
    },
  );

  test('the read-only token is told that it is not enough', async () => {
    const { port } = await runningApi({ access });
    const headers = { authorization: 'Bearer read-token' };
    const answer = await rawRequest(port, { path: '/v1/runtime/secrets', headers });
    expect(answer.status).toBe(403);
    expect(answer.json()).toMatchObject({ domain: 'auth', code: 'insufficient_access' });
    expect(answer.headers['www-authenticate']).toBeUndefined();
  });

  test('the read-only token changes nothing, even where an operation is marked as a read', () => {
    const authorize = bearerAuth(access, realClock);
    const marked: Operation = { ...operations.createSession, access: 'read' };
    expect(() => authorize(marked, 'Bearer read-token', '')).toThrow('read-only');
    expect(authorize(marked, 'Bearer admin-token', '')).toEqual({ role: 'admin' });
  });

  test('a body is not read before the caller is known', async () => {
    const { port } = await runningApi({ access });
    expect((await postJson(port, '/v1/sessions', '{')).status).toBe(401);
  });

  test('the caller reaches the handler; without authentication everybody is an admin', async () => {
    const authorization = 'Bearer read-token';
    const locked = await runningApi({ access });
    const read = await rawRequest(locked.port, { path: '/v1/status', headers: { authorization } });
    expect(read.json()['caller']).toEqual({ role: 'read' });
    const open = await runningApi({ access: { ...access, enabled: false } });
    const anyone = await rawRequest(open.port, { path: '/v1/status', headers: { authorization } });
    expect(anyone.json()['caller']).toEqual({ role: 'admin' });
  });

  test('after 60 failures of a kind come 429, while a right token goes on working', async () => {
    const { port } = await runningApi({ access });
    const attempt = (authorization?: string) =>
      rawRequest(port, {
        path: '/v1/status',
        headers: authorization === undefined ? {} : { authorization },
      });
    for (let n = 0; n < 60; n += 1) expect((await attempt('Bearer wrong')).status).toBe(401);
    const limited = await attempt('Bearer wrong');
    expect(limited.status).toBe(429);
    expect(limited.headers['retry-after']).toBe('60');
    expect(limited.json()).toMatchObject({
      domain: 'auth',
      code: 'rate_limited',
      retry_after_ms: 60_000,
    });
    expect((await attempt()).status).toBe(401);
    expect((await attempt('Bearer admin-token')).status).toBe(200);
  });
});
