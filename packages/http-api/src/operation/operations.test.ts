import { KheishError, type OperationId, operations } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Handlers } from '../call/call.ts';
import { rawBytes, rawRequest, refusalOf } from '../testing/raw-request.ts';
import { runningApi } from '../testing/running-api.ts';

const runs = '/v1/sessions/s1/runs';
const submit = '{"content":"hello"}';

describe('operations', () => {
  test('each operation of the table reaches its own handler with its success status', async () => {
    const named = Object.fromEntries(
      (Object.keys(operations) as OperationId[]).map((id) => [id, () => ({ handled: id })]),
    ) as unknown as Handlers;
    const { port } = await runningApi({ handlers: named });
    const bodies: Partial<Record<OperationId, string>> = {
      setSecret:
        '{"slot_id":"a","provider":"generic","mode":"opaque_secret","state":{"value":"x"}}',
      submitInput: submit,
      setRoutePolicy: '{"route_policy":{"route_id":"r"}}',
      resolveApprovals: '{"resolutions":[{"request_id":"a","behavior":"allow"}]}',
      resolveQuestion: '{"resolution":{"request_id":"a","declined":true}}',
      setRuntimeModel: '{"model":"m"}',
      setPermissionMode: '{"mode":"plan"}',
      setSystemPrompt: '{"settings":{}}',
      setToolLimits: '{"limits":{"max_parallel_tools":1}}',
      setBudgets: '{"budgets":{}}',
      setPermissionRules: '{"rules":[]}',
      checkPermission: '{"tool_name":"bash"}',
      createToken: '{"name":"n","role":"admin"}',
      pruneRuns: '{"older_than_ms":1}',
      setCredentialScope: '{"credential_scope":{}}',
      rekeySecrets: '{"new_master_key":"k"}',
      importSecrets: '{"slots":{}}',
    };
    for (const [id, operation] of Object.entries(operations)) {
      if (typeof operation.response === 'string') continue;
      const body = bodies[id as OperationId];
      const answer = await rawRequest(port, {
        method: operation.method,
        path: operation.path.replaceAll(/\{\w+\}/g, 'x'),
        ...(body !== undefined && { body, headers: { 'content-type': 'application/json' } }),
      });
      expect([id, answer.status, answer.json()]).toEqual([id, operation.status, { handled: id }]);
    }
  });

  test('probes answer in text, and readiness follows draining', async () => {
    let draining = false;
    const { port } = await runningApi({
      unready: () =>
        draining ? new KheishError('readiness/daemon_draining', 'It goes down.') : undefined,
    });
    expect(await rawRequest(port, { path: '/healthz' })).toMatchObject({
      status: 200,
      text: 'ok\n',
    });
    expect(await rawRequest(port, { path: '/readyz' })).toMatchObject({ text: 'ready\n' });
    draining = true;
    expect(await refusalOf(rawRequest(port, { path: '/readyz' }))).toEqual([
      503,
      'readiness/daemon_draining',
    ]);
    expect((await rawRequest(port, { path: '/healthz' })).status).toBe(200);
  });

  test('unknown paths are 404, known paths with another method 405 with Allow', async () => {
    const { port } = await runningApi();
    for (const path of [
      '/v1/none',
      '/v1/sessions/',
      '/v1/sessions//runs',
      '/',
      '/v1/sessions/a/b/c',
    ]) {
      const answer = await refusalOf(rawRequest(port, { path }));
      expect([path, ...answer]).toEqual([path, 404, 'api/route_not_found']);
    }
    const wrong = rawRequest(port, { method: 'PATCH', path: '/v1/sessions/s1' });
    expect(await refusalOf(wrong)).toEqual([405, 'api/method_not_allowed']);
    expect((await wrong).headers['allow']).toBe('GET, HEAD, DELETE, OPTIONS');
    const head = await rawRequest(port, { method: 'HEAD', path: runs });
    expect([head.status, head.headers['allow'], head.text]).toEqual([405, 'POST, OPTIONS', '']);
  });

  test('HEAD answers like GET without a body', async () => {
    const { port } = await runningApi();
    const head = await rawRequest(port, { method: 'HEAD', path: '/v1/sessions?limit=3' });
    expect([head.status, head.text]).toEqual([200, '']);
    expect(head.headers['content-type']).toBe('application/json');
  });

  test('path and query reach the handler decoded once', async () => {
    const { port } = await runningApi();
    const path = '/v1/sessions/a%2Fb%2525%C3%A9/messages?limit=10&cursor=a+b%2B%26';
    const call = (await rawRequest(port, { path })).json();
    expect(call).toMatchObject({
      path: { session_id: 'a/b%25é' },
      query: { limit: '10', cursor: 'a b+&' },
    });
    expect(call).not.toHaveProperty('body');
  });

  test.each([
    ['a broken escape in the path', '/v1/sessions/%zz', 'api/bad_request'],
    ['an escape that is no UTF-8', '/v1/sessions/%ff', 'api/bad_request'],
    ['an id that is too long', `/v1/runs/${'x'.repeat(257)}`, 'api/bad_request'],
    ['a control character', '/v1/runs/a%00b', 'api/bad_request'],
    ['an unknown parameter', '/v1/runs?limits=3', 'api/unsupported_field'],
    ['a parameter of another list', '/v1/sessions?order=asc', 'api/unsupported_field'],
    ['a parameter where there is none', '/v1/status?x=1', 'api/unsupported_field'],
    ['__proto__ as a parameter', '/v1/runs?__proto__=3', 'api/unsupported_field'],
    ['a parameter given twice', '/v1/runs?limit=3&limit=3', 'api/bad_request'],
    ['a value that is not in the list', '/v1/runs?order=up', 'api/bad_request'],
    ['a broken escape in the query', '/v1/runs?limit=%zz', 'api/bad_request'],
  ])('%s is 400', async (_, path, code) => {
    const { port } = await runningApi();
    expect(await refusalOf(rawRequest(port, { path }))).toEqual([400, code]);
  });

  test('a backslash or bytes that are not HTTP are 400 with a request id', async () => {
    const { port } = await runningApi();
    const answer = await rawBytes(
      port,
      'GET /v1\\x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1.1 400 [^]*x-request-id: req_[^]*"code":"bad_request"/i);
    expect(await rawBytes(port, 'no http\r\n\r\n')).toMatch(
      /^HTTP\/1.1 400 [^]*x-request-id: req_[^]*"code":"bad_request"/i,
    );
  });
});
