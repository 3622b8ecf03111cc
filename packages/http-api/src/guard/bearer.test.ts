import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { KheishError, type Operation, type OperationId, operations } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Caller } from '../call/call.ts';
import { postJson, rawBytes, rawRequest, refusalOf } from '../testing/raw-request.ts';
import { echoHandlers, runningApi } from '../testing/running-api.ts';
import { type Access, bearerAuth } from './bearer.ts';
import { Refusals } from './refusals.ts';

const tokens: Record<string, Caller> = {
  'admin-token': { role: 'admin' },
  'operator-token': { role: 'operator', tokenId: 'token_o' },
  'read-token': { role: 'readonly' },
  'ingress-token': { role: 'ingress', tokenId: 'token_i' },
};
const access: Access = { enabled: true, authenticate: (presented) => tokens[presented] };

const presenting = (token: string) =>
  ({
    headers: {},
    headersDistinct: { authorization: [`Bearer ${token}`] },
    socket: {},
  }) as unknown as IncomingMessage;

const unreadable = () => {
  throw new KheishError('storage/storage_unavailable', 'The disk does not answer.');
};

const presented: [string, string | undefined, string][] = [
  ['the admin token', 'Bearer admin-token', 'admin'],
  ['an operator token', 'Bearer operator-token', 'operator'],
  ['the read-only token', 'Bearer read-token', 'readonly'],
  ['an ingress token', 'Bearer ingress-token', 'ingress'],
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
    'with %s every operation answers as its access says [holds access.roles]',
    async (_, authorization, outcome) => {
      let { port } = await runningApi({ access });
      for (const [nth, id] of (Object.keys(operations) as OperationId[]).entries()) {
        // One API refuses an address 60 times a minute, and then tells it to wait.
        if (nth % 50 === 49) ({ port } = await runningApi({ access }));
        const operation: Operation = operations[id];
        const answer = await rawRequest(port, {
          // HEAD is GET without a body, and does not keep a stream open.
          method: operation.method === 'GET' ? 'HEAD' : operation.method,
          path: operation.path.replaceAll(/\{\w+\}/g, 'x'),
          headers: authorization === undefined ? {} : { authorization },
        });
        const { access: asked, method } = operation;
        const allowed =
          asked === 'open' ||
          outcome === 'admin' ||
          (outcome === 'operator' && asked !== 'admin') ||
          (outcome === 'readonly' && asked === 'read' && method === 'GET');
        const refusal = [401, 403].includes(answer.status) ? answer.status : undefined;
        const expected = outcome.endsWith('_token') ? 401 : 403;
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

  test('the read-only token changes nothing, even where an operation is marked as a read', async () => {
    const refused = { noted: 0 };
    const clock = { now: () => 0, monotonic: () => 0, sleep: () => Promise.resolve() };
    const authorize = bearerAuth(access, new Refusals(clock, () => (refused.noted += 1)));
    const marked: Operation = { ...operations.createSession, access: 'read' };
    expect(() => authorize(marked, presenting('read-token'))).toThrow('role readonly');
    expect(authorize(marked, presenting('admin-token')).caller).toEqual({ role: 'admin' });
    expect(refused.noted).toBe(1);
  });

  test('a body is not read before the caller is known', async () => {
    const { port } = await runningApi({ access });
    expect((await postJson(port, '/v1/sessions', '{')).status).toBe(401);
  });

  test('the caller reaches the handler; without authentication everybody is an admin', async () => {
    const authorization = 'Bearer read-token';
    const locked = await runningApi({ access });
    const read = await rawRequest(locked.port, { path: '/v1/status', headers: { authorization } });
    expect(read.json()['caller']).toEqual({ role: 'readonly' });
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

  test('two Authorization headers are one too many, whichever comes first', async () => {
    const { port } = await runningApi({ access });
    const right = 'Authorization: Bearer admin-token\r\n';
    for (const other of [right, 'Authorization: Bearer wrong\r\n', 'authorization:\r\n']) {
      for (const both of [`${right}${other}`, `${other}${right}`]) {
        const answer = await rawBytes(
          port,
          `GET /v1/status HTTP/1.1\r\nHost: localhost\r\n${both}Connection: close\r\n\r\n`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 401 [^]*"code":"malformed_token"/);
      }
    }
  });

  test('what is not in the table is open to admins alone, and then is not there [holds access.roles]', async () => {
    const { port } = await runningApi({ access });
    const ask = (method: string, path: string, token?: string) =>
      refusalOf(
        rawRequest(port, {
          method,
          path,
          headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        }),
      );
    expect(await ask('GET', '/v1/none')).toEqual([401, 'auth/missing_token']);
    for (const token of ['operator-token', 'read-token', 'ingress-token']) {
      expect(await ask('GET', '/v1/none', token)).toEqual([403, 'auth/insufficient_access']);
    }
    expect(await ask('GET', '/v1/none', 'admin-token')).toEqual([404, 'api/route_not_found']);
    expect(await ask('PATCH', '/v1/sessions')).toEqual([401, 'auth/missing_token']);
    expect(await ask('PATCH', '/v1/sessions', 'read-token')).toEqual([
      405,
      'api/method_not_allowed',
    ]);
    expect(await ask('POST', '/healthz')).toEqual([405, 'api/method_not_allowed']);
  });

  test('an idempotency key is of the token that gave it', async () => {
    const { port } = await runningApi({ access });
    const scopes = await Promise.all(
      ['admin-token', 'operator-token'].map(async (token) => {
        const headers = { authorization: `Bearer ${token}`, 'idempotency-key': 'k' };
        const answer = await postJson(port, '/v1/sessions', '{}', headers);
        return (answer.json()['idempotency'] as { scope: string }).scope;
      }),
    );
    expect(scopes).toEqual(['admin POST /v1/sessions', 'token:token_o POST /v1/sessions']);
  });

  test('a token that is revoked while its body comes in does nothing any more', async () => {
    let revoked = false;
    const { promise: asked, resolve: ask } = Promise.withResolvers<void>();
    const { port } = await runningApi({
      access: {
        enabled: true,
        authenticate: (token) => {
          ask();
          return revoked ? undefined : tokens[token];
        },
      },
    });
    const call = request({
      port,
      host: '127.0.0.1',
      method: 'POST',
      path: '/v1/sessions',
      headers: { authorization: 'Bearer admin-token', 'content-type': 'application/json' },
    });
    const answered = once(call, 'response');
    call.write('{"session_id":');
    await asked;
    revoked = true;
    call.end('"late"}');
    const [answer] = (await answered) as [IncomingMessage];
    expect(answer.statusCode).toBe(401);
    answer.resume();
  });

  test('a token that is revoked while its answer is waited for does not get it', async () => {
    let revoked = false;
    const { promise, resolve } = Promise.withResolvers<never>();
    const { port } = await runningApi({
      access: { enabled: true, authenticate: (token) => (revoked ? undefined : tokens[token]) },
      handlers: echoHandlers({
        getTaskOutput: () => {
          revoked = true;
          return promise;
        },
      }),
    });
    const path = '/v1/sessions/s/tasks/t/output';
    const asked = rawRequest(port, { path, headers: { authorization: 'Bearer read-token' } });
    resolve({ said: 'a secret' } as never);
    const answer = await asked;
    expect([answer.status, answer.text]).toEqual([401, expect.not.stringContaining('secret')]);
  });

  test('an export is cut where its token is revoked', async () => {
    let revoked = false;
    const pieces = async function* () {
      yield 'first\n';
      revoked = true;
      yield 'second\n';
    };
    const { port } = await runningApi({
      access: { enabled: true, authenticate: (token) => (revoked ? undefined : tokens[token]) },
      handlers: echoHandlers({ exportAudit: () => pieces() as never }),
    });
    const headers = { authorization: 'Bearer admin-token' };
    const asked = rawRequest(port, { path: '/v1/audit/export', headers });
    await expect(asked).rejects.toThrow('aborted');
  });

  test('where tokens cannot be looked up nobody comes in, and the probes answer', async () => {
    const { port } = await runningApi({
      access: {
        get enabled() {
          return unreadable();
        },
        authenticate: unreadable,
      },
    });
    const headers = { authorization: 'Bearer admin-token' };
    expect((await rawRequest(port, { path: '/v1/status', headers })).status).toBe(503);
    expect((await rawRequest(port, { path: '/healthz' })).status).toBe(200);
  });
});
