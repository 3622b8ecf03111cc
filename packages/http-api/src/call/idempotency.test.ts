import { digestOfJson } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { postJson, rawRequest, refusalOf } from '../testing/raw-request.ts';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

const runs = '/v1/sessions/s1/runs';
const submit = '{"content":"hello"}';

describe('idempotency', () => {
  test('scope, key and fingerprint reach the handler; header and field mean the same', async () => {
    const { port } = await runningApi();
    const key = { 'idempotency-key': 'k 1' };
    const byHeader = (await postJson(port, '/v1/sessions/s%31/runs', submit, key)).json();
    expect(byHeader['idempotency']).toEqual({
      scope: 'admin POST /v1/sessions/s1/runs',
      key: 'k 1',
      fingerprint: digestOfJson({ content: 'hello' }),
    });
    const field = '{ "idempotency_key": "k 1", "content": "hello" }';
    const byField = (await postJson(port, runs, field)).json();
    expect(byField['idempotency']).toEqual(byHeader['idempotency']);
    const both = (await postJson(port, runs, field, key)).json();
    expect(both['idempotency']).toEqual(byHeader['idempotency']);
    const without = (await postJson(port, runs, submit)).json();
    expect(without).not.toHaveProperty('idempotency');
  });

  test.each<[string, string, Record<string, string>]>([
    [
      'header and field that differ',
      '{"content":"a","idempotency_key":"k1"}',
      { 'idempotency-key': 'k2' },
    ],
    ['an empty header', submit, { 'idempotency-key': '' }],
    ['an empty field', '{"content":"a","idempotency_key":""}', {}],
    ['a blank field', '{"content":"a","idempotency_key":"  "}', {}],
    ['256 characters', submit, { 'idempotency-key': 'k'.repeat(256) }],
    ['letters beyond ASCII', '{"content":"a","idempotency_key":"é"}', {}],
    ['a header beyond ASCII', submit, { 'idempotency-key': 'é' }],
    ['a control character', String.raw`{"content":"a","idempotency_key":"a\nb"}`, {}],
  ])('%s is 400', async (_, body, headers) => {
    const { port } = await runningApi();
    const code = 'idempotency/invalid_idempotency_key';
    expect(await refusalOf(postJson(port, runs, body, headers))).toEqual([400, code]);
  });

  test('255 characters are taken; other operations ignore the header', async () => {
    const { port } = await runningApi();
    const longest = { 'idempotency-key': 'k'.repeat(255) };
    expect((await postJson(port, runs, submit, longest)).status).toBe(202);
    const headers = { 'idempotency-key': '' };
    const verify = await rawRequest(port, { method: 'POST', path: '/v1/store/verify', headers });
    expect(verify.status).toBe(200);
    expect(verify.json()).not.toHaveProperty('idempotency');
  });

  test.each([
    [202, 'application/json'],
    [409, 'application/problem+json'],
  ])('a stored answer with status %i is sent as it was', async (status, type) => {
    const body = '{ "as" : "stored" }';
    const handlers = echoHandlers({ submitInput: () => ({ replayed: { status, body } }) });
    const { port } = await runningApi({ handlers });
    const answer = await postJson(port, runs, submit, { 'idempotency-key': 'k' });
    expect([answer.status, answer.text]).toEqual([status, body]);
    expect(answer.headers).toMatchObject({ 'idempotency-replayed': 'true', 'content-type': type });
    expect(
      (await postJson(port, '/v1/sessions', '{}')).headers['idempotency-replayed'],
    ).toBeUndefined();
  });
});
