import { type Socket, connect } from 'node:net';
import { createClient } from '@kheish/client-sdk';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { residentMegabytes } from '../harness/resident.ts';
import { expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { Target, expectCivil } from './raw-http.ts';

const host = 'Host: localhost\r\n';
const get = (path: string, more = '') => `GET ${path} HTTP/1.1\r\n${host}${more}\r\n`;
const shown = (text: string) => JSON.stringify(text).slice(0, 60);
const statuses = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => status);

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

describe('the wire', () => {
  test.each(
    [
      'GET /v1/status HTTP/9.9\r\n\r\n',
      'GET  HTTP/1.1\r\n\r\n',
      'NONSENSE\r\n\r\n',
      `GET /v1/status HTTP/1.1\r\n${host}Bad Header: x\r\n\r\n`,
      `GET /v1/status HTTP/1.1\r\n${host}X : y\r\n\r\n`,
      `GET /v1/status HTTP/1.1\r\n ${host}\r\n`,
      `GET /v1/status HTTP/1.1\n${host}\n\n`,
      `GET /v1/status HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`,
      `GET /v1/status HTTP/1.1\r\n${host}X: ${'y'.repeat(100_000)}\r\n\r\n`,
      `GET /v1/status HTTP/1.1\r\n${host}${'X: y\r\n'.repeat(20_000)}\r\n`,
      `GET /${'y'.repeat(100_000)} HTTP/1.1\r\n${host}\r\n`,
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      'CONNECT example.com:443 HTTP/1.1\r\nHost: example.com:443\r\n\r\n',
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00]).toString('latin1'),
    ].map((bytes) => [shown(bytes), bytes]),
  )('takes nonsense for nonsense: %s', async (_shown, bytes) => {
    const answer = await target.bytes(bytes);
    expect(answer).toMatch(/^(HTTP\/1\.1 4\d\d |$)/);
    expect(answer).not.toMatch(/\n\s+at /);
  });

  test.each([
    [
      'websocket',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: https://evil.example\r\n',
      '403',
    ],
    [
      'websocket',
      'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n',
      '200',
    ],
    ['h2c', 'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n', '200'],
    ['TLS/1.2', '', '200'],
  ])('upgrades nothing: %s', async (protocol, more, status) => {
    const upgrade = `Connection: Upgrade, HTTP2-Settings\r\nUpgrade: ${protocol}\r\n${more}`;
    const answer = await target.bytes(`${get('/v1/status', upgrade)}${get('/healthz')}`);
    expect(statuses(answer)).toEqual([status]);
    expect(answer).toMatch(/\r\nConnection: close\r\n/i);
  });

  const submit = `POST /v1/sessions/s/runs HTTP/1.1\r\n${host}Content-Type: application/json\r\n`;
  const smuggled = get('/v1/smuggled');

  test.each([
    ['a length and chunks', `Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ['chunks and a length', `Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n`],
    ['two lengths', 'Content-Length: 5\r\nContent-Length: 19\r\n\r\n{"content":"hello"}'],
    ['a list of lengths', 'Content-Length: 19, 19\r\n\r\n{"content":"hello"}'],
    ['a negative length', 'Content-Length: -1\r\n\r\n'],
    ['a signed length', 'Content-Length: +19\r\n\r\n{"content":"hello"}'],
    ['a length with an exponent', 'Content-Length: 1e3\r\n\r\n'],
    ['a length in hex', 'Content-Length: 0x13\r\n\r\n{"content":"hello"}'],
    ['an endless chunk size', 'Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n'],
    ['a chunk size that is none', 'Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n'],
    ['a negative chunk size', 'Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n'],
    ['a chunk longer than it says', 'Transfer-Encoding: chunked\r\n\r\n2\r\n{}{}\r\n0\r\n\r\n'],
    ['a chunk that ends with a line feed', 'Transfer-Encoding: chunked\r\n\r\n2\n{}\n0\n\n'],
    ['another coding', 'Transfer-Encoding: gzip\r\n\r\n'],
    ['a coding behind chunked', 'Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n'],
    ['chunked twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n'],
    ['a misspelled coding', 'Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n'],
    ['a space before the colon', 'Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n'],
    ['a folded line', 'Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n'],
    ['a folded header', 'X: a\r\n\tb\r\nContent-Length : 5\r\n\r\n'],
    ['a bare carriage return', 'X: a\rContent-Length: 5\r\n\r\n'],
  ])('a body with %s ends the connection, and nothing behind it is read', async (_title, bytes) => {
    const answer = await target.bytes(`${submit}${bytes}${smuggled}`);
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(statuses(answer)).toHaveLength(1);
    expect(answer).not.toMatch(/\n\s+at |route_not_found/);
  });

  test('trailers are no headers', async () => {
    const body = '{"content":"hello"}';
    const chunks = `13\r\n${body}\r\n0\r\nIdempotency-Key: k\r\nHost: evil.example\r\n\r\n`;
    const sent = `${submit}Transfer-Encoding: chunked\r\nTrailer: Idempotency-Key\r\n\r\n${chunks}`;
    const answer = await target.bytes(`${sent}${sent}${get('/healthz', 'Connection: close\r\n')}`);
    expect(statuses(answer)).toEqual(['202', '202', '200']);
    expect(answer).not.toMatch(/idempotency-replayed/i);
    expect(new Set([...answer.matchAll(/"run_id":"([^"]+)"/g)].map(([, id]) => id)).size).toBe(2);
  });

  test('a body is invited where it is wanted', async () => {
    const body = '{"content":"hello"}';
    const head = `${submit}Expect: 100-continue\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    expect(statuses(await target.bytes(head, body))).toEqual(['100', '202']);
  });

  test('names of prototypes are headers like others', async () => {
    const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', '__defineGetter__'];
    const headers = Object.fromEntries(names.map((name) => [name, '{"polluted":true}']));
    const answer = await target.ask({ path: '/v1/status', headers: { ...headers } });
    expect(answer.status).toBe(200);
    for (const name of names) {
      const parameter = await target.ask({ path: `/v1/sessions?${name}=1` });
      expect([parameter.status, parameter.text]).toEqual([
        400,
        expect.stringContaining('unsupported_field'),
      ]);
    }
  });

  test('answers pipelined requests in their order', async () => {
    const last = get('/v1/sessions/none', 'Connection: close\r\n');
    const answer = await target.bytes(
      `${get('/v1/openapi.json')}${get('/healthz')}${get('/v1/none')}${get('/v1/sessions/s')}${last}`,
    );
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      '200',
      '200',
      '404',
      '200',
      '404',
    ]);
  });

  test.each(['', 'Host:\r\n', 'Host: \r\n'])(
    'answers nothing under an unclear name: %j',
    async (hosts) => {
      const answer = await target.bytes(
        `GET /v1/status HTTP/1.1\r\n${hosts}Connection: close\r\n\r\n`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 4\d\d /);
      expect(answer).not.toContain('process_id');
    },
  );

  test.each([
    ['PATCH', '/v1/sessions/s', 405],
    ['PUT', '/v1/sessions', 405],
    ['DELETE', '/v1/status', 405],
    ['POST', '/healthz', 405],
    ['TRACE', '/v1/status', 405],
    ['GET', '/v1', 404],
    ['GET', '/v1/sessions/s/', 404],
    ['GET', '//v1/sessions/s', 404],
    ['GET', '/V1/sessions/s', 404],
    ['GET', '/v1/sessions/s/../../status', 404],
    ['GET', '/v1/sessions//messages', 404],
    ['GET', '/v1/runtime/secrets/', 404],
    ['HEAD', '/v1/sessions/s', 200],
    ['OPTIONS', '/v1/sessions/s', 204],
  ])('%s %s', async (method, path, status) => {
    const answer = await target.ask({ method, path });
    expectCivil(answer, path);
    // Dots may be resolved or not; what matters is that they lead nowhere else.
    if (path.includes('..')) expect([200, 404]).toContain(answer.status);
    else expect(answer.status).toBe(status);
  });

  test.each([
    ['evil.example', 421],
    ['localhost.evil.example', 421],
    ['127.0.0.1.nip.io', 421],
    ['[::1', 400],
    ['localhost:99999', 421],
    ['0.0.0.0', 421],
    ['2130706433', 421],
    ['0x7f.1', 421],
    ['localhost.', 421],
    ['127.0.0.1.', 421],
    ['localhost:80@evil.example', 421],
    ['evil.example#localhost', 421],
    ['localhost,evil.example', 421],
    ['[::ffff:127.0.0.1]', 421],
    ['[::1%25lo]', 421],
    ['localhost', 200],
    ['LOCALHOST:1', 200],
    ['[::1]:80', 200],
  ])('Host %j', async (name, status) => {
    const answer = await target.ask({ path: '/v1/status', headers: { host: name } });
    expectCivil(answer, name);
    if (status === 200) expect(answer.status).toBe(200);
    else expect([400, 421]).toContain(answer.status);
  });

  test.each([
    'https://evil.example',
    'null',
    'http://localhost.evil.example',
    'http://127.0.0.1:80@evil.example',
    'file://',
    'http://localhost:80x',
    'http://LOCALHOST',
    'http://localhost.',
    'http://127.0.0.2',
    'chrome-extension://abcdef',
  ])('Origin %j may do nothing', async (origin) => {
    const asked = { 'access-control-request-method': 'POST' };
    for (const answer of [
      await target.json('POST', '/v1/sessions', {}, { origin }),
      await target.ask({ path: '/v1/status', headers: { origin } }),
      await target.ask({ method: 'OPTIONS', path: '/v1/sessions', headers: { origin, ...asked } }),
      await target.ask({ path: '/v1/events/stream', headers: { origin } }),
    ]) {
      expectCivil(answer, origin);
      expect(answer.status).toBe(403);
    }
  });

  test('a form of another site can send nothing that is taken', async () => {
    const headers = { 'content-type': 'text/plain', 'sec-fetch-site': 'cross-site' };
    const body = '{"session_id":"by-a-form"}';
    const answer = await target.ask({ method: 'POST', path: '/v1/sessions', headers, body });
    expect(answer.status).toBe(403);
    expect((await target.ask({ path: '/v1/sessions/by-a-form' })).status).toBe(404);
  });
});

const AT_ONCE = 200;

/**
 * Connections that say nothing. Some at a time: what the listener's queue cannot hold is tried again by the kernel after
 * seconds. From several addresses: one alone runs out of ports while those of other tests still linger.
 */
async function crowd(count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const next = Array.from({ length: AT_ONCE }, (_, index) => {
      const localAddress = `127.0.1.${index % 50}`;
      const socket = connect({ port: target.port, host: '127.0.0.1', localAddress });
      return socket.on('error', () => undefined);
    });
    await Promise.all(
      next.map((socket) => new Promise((at) => socket.once('connect', at).once('close', at))),
    );
    sockets.push(...next);
  }
  return sockets;
}

describe('many connections', () => {
  test('2,000 that say nothing leave room for a stream and for work', async () => {
    const stream = await openStream(`${daemon.url}/v1/events/stream`);
    const before = residentMegabytes(daemon.pid);
    const idle = await crowd(2_000);
    const answer = await target.json('POST', '/v1/sessions', { session_id: 'in-the-crowd' });
    expect(answer.status).toBe(201);
    await stream.event('session_created');
    expect(residentMegabytes(daemon.pid) - before).toBeLessThan(60);
    for (const socket of idle) socket.destroy();
    stream[Symbol.dispose]();
  });

  test('those beyond the bound are dropped, and the log says it once', async () => {
    const sockets = await crowd(2_600);
    await until(
      'the log to say it',
      () => daemon.log.includes('Too many connections') || undefined,
    );
    for (const socket of sockets) socket.destroy();
    await until('room for a request', async () => {
      const answer = await target.ask({ path: '/healthz' }).catch(() => undefined);
      return answer?.status === 200 ? true : undefined;
    });
    expect(daemon.log.split('Too many connections')).toHaveLength(2);
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
