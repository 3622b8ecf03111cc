import { describe, expect, test } from 'vitest';
import { postJson, rawBytes, rawRequest, refusalOf } from '../testing/raw-request.ts';
import { runningApi } from '../testing/running-api.ts';

const runs = '/v1/sessions/s1/runs';
const submit = '{"content":"hello"}';

/** A submission of exactly so many bytes. */
function sized(bytes: number): string {
  return `{"content":"${'x'.repeat(bytes - 14)}"}`;
}

describe('bodies', () => {
  test('a body reaches the handler; an optional one may be absent', async () => {
    const { port } = await runningApi();
    const given = await postJson(port, runs, submit, {
      'content-type': 'Application/JSON; charset=UTF-8',
    });
    expect([given.status, given.json()['body']]).toEqual([202, { content: 'hello' }]);
    const absent = await rawRequest(port, { method: 'POST', path: '/v1/sessions' });
    expect([absent.status, absent.json()['body']]).toEqual([201, {}]);
    const chunked = await rawRequest(port, {
      method: 'POST',
      path: '/v1/sessions',
      headers: { 'transfer-encoding': 'chunked' },
    });
    expect(chunked.status).toBe(201);
  });

  test.each<[string, string | Buffer, Record<string, string>, number, string]>([
    ['no body', '', {}, 400, 'api/bad_request'],
    ['malformed JSON', '{"content":', {}, 400, 'api/bad_request'],
    ['no object', '[]', {}, 400, 'api/bad_request'],
    ['null', 'null', {}, 400, 'api/bad_request'],
    ['a missing field', '{}', {}, 400, 'api/bad_request'],
    ['a wrong type', '{"content":1}', {}, 400, 'api/bad_request'],
    ['a duplicate key', '{"content":"a","content":"b"}', {}, 400, 'api/bad_request'],
    ['__proto__', '{"content":"a","metadata":{"__proto__":1}}', {}, 400, 'api/bad_request'],
    [
      '65 levels',
      `{"content":"a","metadata":${'{"a":'.repeat(64)}1${'}'.repeat(65)}`,
      {},
      400,
      'api/bad_request',
    ],
    ['invalid UTF-8', Buffer.from([0x22, 0xff, 0x22]), {}, 400, 'api/bad_request'],
    ['a lone surrogate', String.raw`{"content":"\ud800"}`, {}, 400, 'api/bad_request'],
    ['an unknown field', '{"content":"a","colour":1}', {}, 400, 'api/unsupported_field'],
    ['another type', submit, { 'content-type': 'text/plain' }, 415, 'api/unsupported_media_type'],
    [
      'a type that only begins so',
      submit,
      { 'content-type': 'application/jsonx' },
      415,
      'api/unsupported_media_type',
    ],
    [
      'another charset',
      submit,
      { 'content-type': 'application/json; charset=latin1' },
      415,
      'api/unsupported_media_type',
    ],
    ['no type', submit, { 'content-type': '' }, 415, 'api/unsupported_media_type'],
    ['an encoding', submit, { 'content-encoding': 'gzip' }, 415, 'api/unsupported_media_type'],
  ])('%s is refused', async (_, body, headers, status, code) => {
    const { port } = await runningApi();
    expect(await refusalOf(postJson(port, runs, body, headers))).toEqual([status, code]);
  });

  test('an operation without a body takes none but an empty object', async () => {
    const { port } = await runningApi();
    const cancel = '/v1/runs/r1/cancel';
    expect((await postJson(port, cancel, '{}')).status).toBe(202);
    expect(await refusalOf(postJson(port, cancel, '{"force":true}'))).toEqual([
      400,
      'api/unsupported_field',
    ]);
  });

  test('the detail names the field and what is expected, never the value', async () => {
    const { port } = await runningApi();
    const details: [string, string, string][] = [
      [
        '/v1/sessions/s1/runs',
        '{"content":"a","generation":{"temperature":"sk-secret"}}',
        'generation.temperature',
      ],
      [
        '/v1/sessions/s1/runs',
        '{"content":"a","generation":{"heat":"sk-secret"}}',
        'generation.heat',
      ],
      ['/v1/sessions/s1/runs', '{"metadata":{"k":"sk-secret"}}', 'content'],
      ['/v1/runtime/secrets', '{"slot_id":"a","provider":"sk-secret"}', 'provider'],
      [
        '/v1/runtime/secrets',
        '{"slot_id":"a","provider":"anthropic","mode":"api_key","state":{"kind":"sk-secret","api_key":"sk-secret"}}',
        'state.kind',
      ],
      [
        '/v1/runtime/secrets',
        '{"slot_id":"sk-secret !","provider":"generic","mode":"opaque_secret","state":{"value":"sk-secret"}}',
        'slot_id',
      ],
    ];
    for (const [path, body, field] of details) {
      const answer = await postJson(port, path, body);
      expect(answer.status).toBe(400);
      expect(answer.json()['detail']).toContain(`"${field}"`);
      expect(answer.text).not.toContain('secret !');
      expect(answer.text).not.toContain('sk-');
    }
    const hidden = await postJson(
      port,
      '/v1/sessions/s1/runs',
      String.raw`{"content":"a","\u001b[31m":1}`,
    );
    expect(hidden.json()['detail']).toContain('"?[31m"');
  });

  test('size is limited by what is declared and by what comes', async () => {
    const { port } = await runningApi({ limits: { bodyBytes: 1_000 } });
    expect((await postJson(port, runs, sized(1_000))).status).toBe(202);
    expect(await refusalOf(postJson(port, runs, sized(1_001)))).toEqual([
      413,
      'api/payload_too_large',
    ]);
    const headers = { 'transfer-encoding': 'chunked' };
    expect((await postJson(port, runs, sized(1_000), headers)).status).toBe(202);
    expect(await refusalOf(postJson(port, runs, sized(1_001), headers))).toEqual([
      413,
      'api/payload_too_large',
    ]);
    const endless = `POST ${runs} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n`;
    expect(await rawBytes(port, endless)).toMatch(/^HTTP\/1.1 413 /);
  });

  test('the default limit is 4 MiB', async () => {
    const { port } = await runningApi();
    expect((await postJson(port, runs, sized(4 * 1_024 * 1_024))).status).toBe(202);
    expect((await postJson(port, runs, sized(4 * 1_024 * 1_024 + 1))).status).toBe(413);
  });
});
