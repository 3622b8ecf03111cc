import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { createClient } from '@kheish/client-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { Target, expectCivil } from './raw-http.ts';

const deep = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
const run = (rest: string) => `{"content":"hello"${rest}}`;
const shown = (text: string) => JSON.stringify(text).slice(0, 60);

const box = sandbox();
let daemon: DaemonProcess;
let target: Target;

beforeAll(async () => {
  daemon = await startDaemon({ sandbox: box });
  target = new Target(daemon.url);
  await target.json('POST', '/v1/sessions', { session_id: 's' });
});

afterAll(async () => {
  target[Symbol.dispose]();
  await daemon[Symbol.asyncDispose]();
  box[Symbol.dispose]();
});

describe('ids', () => {
  const hostile = [
    '..',
    '.',
    '%2e%2e',
    '%2E',
    'a%2Fb',
    '%2F..%2F..%2Fetc%2Fpasswd',
    '%00',
    '%0A',
    '%7F',
    '%E2%80%A8',
    '%ED%A0%80',
    '%C0%AF',
    '%E0%80%AF',
    '%C0%AE%C0%AE',
    '%u002e',
    '%5C..%5C',
    '%FF',
    '%',
    '%zz',
    '%25',
    '%F0%9F%98%80',
    "'%20OR%201=1--",
    '__proto__',
    'constructor',
    'toString',
    'x'.repeat(257),
    'x'.repeat(10_000),
    '%C3%A9'.repeat(200),
  ];
  const paths = [
    (id: string) => `/v1/sessions/${id}`,
    (id: string) => `/v1/sessions/${id}/messages`,
    (id: string) => `/v1/sessions/${id}/stream`,
    (id: string) => `/v1/runs/${id}`,
    (id: string) => `/v1/runs/${id}/stream`,
    (id: string) => `/v1/runtime/secrets/${id}`,
    (id: string) => `/v1/runs?session_id=${id}`,
    (id: string) => `/v1/events/stream?run_id=${id}`,
  ];

  test.each(hostile.map((id) => [shown(id), id]))('in a path: %s', async (_shown, id) => {
    for (const path of paths.map((make) => make(id))) {
      const answer = await target.ask({ path, headOnly: path.includes('stream') });
      expectCivil(answer, path);
      if (!path.includes('?')) expect(answer.status, path).toBeGreaterThanOrEqual(400);
    }
  });

  test.each(
    (
      [
        ['', 400],
        [' ', 400],
        ['..', 400],
        ['a\u0000b', 400],
        ['a\nb', 400],
        ['a\u2028b', 400],
        ['x'.repeat(257), 400],
        ['x'.repeat(10_000), 400],
        ['a/b', 201],
        ['../x', 201],
        ['%2e%2e', 201],
        ['a.b', 201],
        ['😀', 201],
        ['__proto__', 201],
        ['x'.repeat(256), 201],
        ['漢'.repeat(256), 201],
        ["'; DROP TABLE sessions; --", 201],
      ] as const
    ).map(([id, status]) => [shown(id), id, status] as const),
  )('given to a session: %s', async (_shown, id, status) => {
    const answer = await target.json('POST', '/v1/sessions', { session_id: id });
    expectCivil(answer, id);
    expect(answer.status).toBe(status);
    if (status !== 201) return;
    const path = `/v1/sessions/${encodeURIComponent(id)}`;
    const read = await target.ask({ path });
    expect([read.status, (JSON.parse(read.text) as { session_id: string }).session_id]).toEqual([
      200,
      id,
    ]);
    expect((await target.json('POST', `${path}/runs`, { content: 'hello' })).status).toBe(202);
    const events = await target.ask({ path: `${path}/events` });
    expect(events.status).toBe(200);
  });
});

describe('bodies', () => {
  test.each<[string, string | Buffer, number]>([
    ['nothing', '', 400],
    ['white space', '   ', 400],
    ['null', 'null', 400],
    ['a list', '[]', 400],
    ['a text', '"content"', 400],
    ['half an object', '{"content":', 400],
    ['two objects', '{"content":"a"}{"content":"b"}', 400],
    ['a byte order mark', '\ufeff{"content":"hello"}', 400],
    ['UTF-16', Buffer.from('{"content":"hello"}', 'utf16le'), 400],
    ['broken UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]), 400],
    ['a lone surrogate', '{"content":"\\ud800"}', 400],
    ['a key twice', '{"content":"a","content":"b"}', 400],
    ['a prototype', run(',"__proto__":{"x":1}'), 400],
    ['a prototype in metadata', run(',"metadata":{"__proto__":{"polluted":true}}'), 400],
    ['a constructor in metadata', run(',"metadata":{"constructor":{"prototype":{}}}'), 400],
    ['deep metadata', run(`,"metadata":{"x":${deep(60)}}`), 202],
    ['too deep metadata', run(`,"metadata":{"x":${deep(5_000)}}`), 400],
    ['100,000 levels', run(`,"metadata":{"x":${deep(100_000)}}`), 400],
    ['100,000 levels without end', '{"a":'.repeat(100_000), 400],
    ['a key twice, once escaped', String.raw`{"content":"a","\u0063ontent":"b"}`, 400],
    ['a key twice, deep inside', run(',"metadata":{"x":[{"a":1,"a":2}]}'), 400],
    [
      'an escaped prototype',
      run(String.raw`,"metadata":{"\u005f_proto__":{"polluted":true}}`),
      400,
    ],
    ['a method of objects in metadata', run(',"metadata":{"toString":1,"hasOwnProperty":2}'), 202],
    ['a method of objects as a field', run(',"toString":1'), 400],
    ['a low surrogate alone', run(String.raw`,"metadata":{"\udc00":1}`), 400],
    ['a number of 10,000 digits', run(`,"metadata":{"x":${'9'.repeat(10_000)}}`), 400],
    ['a number too small to tell from none', run(',"metadata":{"x":1e-999}'), 202],
    ['a number that is not JSON', run(',"metadata":{"x":0x10}'), 400],
    ['NaN', run(',"metadata":{"x":NaN}'), 400],
    ['a comment', run('/* hello */'), 400],
    ['a comma at the end', run(','), 400],
    ['a NUL behind it', `${run('')}\u0000`, 400],
    ['a huge number', run(',"metadata":{"x":1e999}'), 400],
    ['metadata that is a list', run(',"metadata":[1]'), 400],
    ['an unknown field', run(',"nope":1'), 400],
    ['a content that is a number', '{"content":1}', 400],
    ['a blank content', '{"content":" \\n\\t "}', 400],
    ['a null', '{"content":null}', 400],
    ['content with NUL', '{"content":"a\\u0000b"}', 202],
    ['odd generation', run(',"generation":{"max_output_tokens":0}'), 400],
    ['odder generation', run(',"generation":{"temperature":"hot"}'), 400],
    ['an unknown route', run(',"provider":"none"'), 400],
    ['something too large', `{"content":"${'x'.repeat(5_000_000)}"}`, 413],
  ])('%s', async (name, body, status) => {
    const answer = await target.json('POST', '/v1/sessions/s/runs', body);
    expectCivil(answer, name);
    expect(answer.status).toBe(status);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  test.each<[string, (text: string) => Buffer]>([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
    ['gzip, gzip', (text) => gzipSync(gzipSync(text))],
    ['identity, gzip', gzipSync],
    ['GZIP', gzipSync],
    ['nonsense', (text) => Buffer.from(text)],
  ])('compressed by %s: 415', async (encoding, compress) => {
    const headers = { 'content-encoding': encoding };
    for (const text of ['{"content":"hello"}', `{"content":"${'x'.repeat(2_000_000)}"}`]) {
      const body = compress(text);
      const answer = await target.json('POST', '/v1/sessions/s/runs', body, headers);
      expectCivil(answer, encoding);
      expect(answer.status).toBe(415);
    }
  });

  test.each([
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonx',
    'application/json, text/plain',
    'text/json',
    'text/plain',
    'application/json; charset=utf-16',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; charset=utf-16',
    '',
  ])('of another type: %j', async (type) => {
    const headers = { 'content-type': type };
    const answer = await target.json('POST', '/v1/sessions/s/runs', run(''), headers);
    expectCivil(answer, headers);
    expect(answer.status).toBe(415);
  });
});

describe('lists and keys', () => {
  test.each(['0', '-1', '1.5', '1e3', 'NaN', '', '99999999999999999999', '0x10', ' 5', '５'])(
    'a limit of %j is refused or bounded',
    async (limit) => {
      for (const list of ['/v1/sessions', '/v1/runs', '/v1/sessions/s/events']) {
        const answer = await target.ask({ path: `${list}?limit=${encodeURIComponent(limit)}` });
        expectCivil(answer, limit);
        expect(answer.status).toBe(400);
      }
    },
  );

  test.each([
    'x',
    '%00',
    'AAAA',
    '-1',
    '=',
    'MQ==',
    Buffer.from('-1').toString('base64url'),
    'x'.repeat(900),
  ])('a cursor of %j is refused or harmless', async (cursor) => {
    for (const list of [
      '/v1/sessions',
      '/v1/runs',
      '/v1/sessions/s/messages',
      '/v1/runtime/secrets',
    ]) {
      const answer = await target.ask({ path: `${list}?cursor=${cursor}` });
      expectCivil(answer, cursor);
      expect([200, 400, 431]).toContain(answer.status);
    }
    const stream = await target.ask({ path: `/v1/events/stream?cursor=${cursor}`, headOnly: true });
    expectCivil(stream, cursor);
    expect([400, 431]).toContain(stream.status);
  });

  test('an Idempotency-Key is one key for one request', async () => {
    const submit = (key: string, content = 'hello', path = '/v1/sessions/s/runs') =>
      target.json('POST', path, { content }, { 'idempotency-key': key });
    for (const key of ['', ' ', 'x'.repeat(256), 'a\tb', 'é']) {
      expect((await submit(key)).status, key).toBe(400);
    }
    const [one, two] = await Promise.all([submit('k1'), submit('k1')]);
    expect([one.status, two.status, one.text]).toEqual([202, 202, two.text]);
    expect((await submit('k1', 'other')).status).toBe(409);
    await target.json('POST', '/v1/sessions', { session_id: 's2' });
    const elsewhere = await submit('k1', 'hello', '/v1/sessions/s2/runs');
    expect(elsewhere.status).toBe(202);
    expect(elsewhere.text).not.toBe(one.text);
    const both = { content: 'hello', idempotency_key: 'k2' };
    const path = '/v1/sessions/s/runs';
    expect((await target.json('POST', path, both, { 'idempotency-key': 'k3' })).status).toBe(400);
    expect((await target.json('POST', path, { ...both, idempotency_key: 7 })).status).toBe(400);
  });
});

// The last of the file: whatever the others did, this must hold.
test('after all of it the daemon is well, and its store is sound', async () => {
  const client = createClient({ baseUrl: daemon.url });
  await until('an idle daemon', async () => {
    const { queued, running } = (await client.status()).runs;
    return queued + running === 0 ? true : undefined;
  });
  await expectSound(client);
  expect(daemon.log).not.toContain('"level":50');
});
