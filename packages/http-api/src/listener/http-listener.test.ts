import { connect } from 'node:net';
import { describe, expect, test } from 'vitest';
import type { Handlers } from '../call/call.ts';
import { EventStream } from '../testing/event-stream.ts';
import { rawBytes, rawRequest } from '../testing/raw-request.ts';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

const runs = '/v1/sessions/s1/runs';

const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
const post = (more: string) => `POST ${runs} HTTP/1.1\r\nHost: localhost\r\n${more}`;
const json = 'Content-Type: application/json\r\n';

const statuses = (answers: string) =>
  [...answers.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));

/** Whether a connection more is taken. */
const takesOneMore = (port: number) =>
  rawRequest(port, { path: '/healthz' }).then(
    ({ status }) => status === 200,
    () => false,
  );

/** Handlers of which `getStatus` answers when it is told to. */
function slowStatus() {
  const entered = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<unknown>();
  const getStatus = (() => {
    entered.resolve();
    return answer.promise;
  }) as unknown as Handlers['getStatus'];
  return { handlers: echoHandlers({ getStatus }), entered: entered.promise, answer };
}

describe('what is unreadable', () => {
  test.each([
    ['a request', 'NONSENSE\r\n\r\n', [200, 200, 400]],
    ['a head without end', `GET / HTTP/1.1\r\nX: ${'y'.repeat(20_000)}`, [200, 200, 431]],
    ['a piece of a body', post(`${json}Transfer-Encoding: chunked\r\n\r\nzz\r\n`), [200, 200, 400]],
    [
      'two lengths',
      post('Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n'),
      [200, 200, 400],
    ],
  ])(
    '%s: the answers before it come first, and in their order',
    async (_title, bytes, expected) => {
      const { handlers, entered, answer } = slowStatus();
      const { port } = await runningApi({ handlers });
      const answers = rawBytes(port, `${get('/v1/status')}${get('/v1/sessions')}${bytes}`);
      await entered;
      answer.resolve({ slow: true });
      const text = await answers;
      expect(statuses(text)).toEqual(expected);
      expect(text.indexOf('"slow":true')).toBeLessThan(text.indexOf('"code":'));
    },
  );

  test('a reader of a stream who talks nonsense is left alone by the others', async () => {
    const { api, port, feed } = await runningApi();
    const stream = await EventStream.open(port, '/v1/events/stream');
    const answer = await rawBytes(port, `${get('/v1/events/stream')}NONSENSE\r\n\r\n`);
    expect(answer).not.toContain('bad_request');
    await expect.poll(() => api.followerCount(), { timeout: 20_000 }).toBe(1);
    feed.append({ type: 'action_intended', session_id: 's1' });
    expect((await stream.until(1)).length).toBe(1);
  });

  test('nothing is said behind an answer that is already out', async () => {
    const { port } = await runningApi();
    const socket = connect(port, '127.0.0.1').on('error', () => undefined);
    const closed = new Promise((resolve) => socket.on('close', resolve));
    let answers = '';
    socket.on('data', (piece: Buffer) => {
      answers += piece.toString();
      socket.write('nonsense\r\n');
    });
    socket.write(
      `${post('Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n\r\n')}2\r\n{}\r\n`,
    );
    await closed;
    expect(statuses(answers)).toEqual([415]);
  });

  test('an unknown expectation is ignored', async () => {
    const { port } = await runningApi();
    const headers = { expect: 'wonders' };
    expect((await rawRequest(port, { path: '/healthz', headers })).status).toBe(200);
  });
});

describe('bounds', () => {
  const quick = { headersTimeoutMs: 400, requestTimeoutMs: 800 };

  test('a slow head, a slow body and silence are cut; a stream goes on [holds api.bounded_clients]', async () => {
    const { port, feed } = await runningApi({ limits: quick });
    const stream = await EventStream.open(port, '/v1/events/stream');
    const slow = await Promise.all([
      rawBytes(port, 'GET /healthz HTTP/1.1\r\nHost: local'),
      rawBytes(port, post(`${json}Content-Length: 100\r\n\r\n{`)),
      rawBytes(port, post(`${json}Transfer-Encoding: chunked\r\n\r\n1\r\n{`)),
      rawBytes(port, ''),
    ]);
    for (const answer of slow) {
      expect(statuses(answer)).toEqual([408]);
      expect(answer).toContain('"code":"request_timeout"');
    }
    feed.append({ type: 'action_intended', session_id: 's1' });
    expect((await stream.until(1)).length).toBe(1);
  });

  test('a connection without another request ends, as its answer said', async () => {
    const { port } = await runningApi({ limits: { keepAliveMs: 1_000 } });
    const answer = await rawBytes(port, get('/healthz'));
    expect(statuses(answer)).toEqual([200]);
    expect(answer).toMatch(/^keep-alive: timeout=1\r$/im);
  });

  test('who takes nothing of an answer is cut; a stream with its heartbeats is not [holds api.bounded_clients]', async () => {
    const asked = Promise.withResolvers<void>();
    const big = (() => {
      asked.resolve();
      return { text: 'x'.repeat(20_000_000) };
    }) as unknown as Handlers['getStatus'];
    const { port, feed } = await runningApi({
      handlers: echoHandlers({ getStatus: big }),
      limits: { idleTimeoutMs: 2_000, heartbeatMs: 20, connections: 2 },
    });
    const stream = await EventStream.open(port, '/v1/events/stream');
    const deaf = connect(port, '127.0.0.1').pause();
    const gone = new Promise((resolve) => deaf.on('close', resolve).on('error', resolve));
    deaf.write(get('/v1/status'));
    await asked.promise;
    // Room for another means that one of the two was cut; without its heartbeats the older stream would be, too.
    await expect.poll(() => takesOneMore(port), { timeout: 20_000 }).toBe(true);
    deaf.resume();
    await gone;
    expect(deaf.bytesRead).toBeLessThan(20_000_000);
    feed.append({ type: 'action_intended', session_id: 's1' });
    expect((await stream.until(1)).length).toBe(1);
  });

  test('connections beyond the bound are dropped, and said once; when one goes another may come [holds api.bounded_clients]', async () => {
    const { port, logged } = await runningApi({ limits: { connections: 2 } });
    const streams = [
      await EventStream.open(port, '/v1/events/stream'),
      await EventStream.open(port, '/v1/events/stream'),
    ];
    for (const _more of [1, 2, 3]) {
      await expect(rawRequest(port, { path: '/healthz' })).rejects.toThrow();
    }
    expect(logged).toEqual([
      {
        fields: { connections: 2 },
        message: 'Too many connections: new ones are dropped.',
      },
    ]);
    streams[0]?.leave();
    await expect.poll(() => takesOneMore(port), { timeout: 20_000 }).toBe(true);
  });
});

describe('close', () => {
  test('waits for an answer under way, and comes to an end with idle and stuck connections', async () => {
    const { handlers, entered, answer } = slowStatus();
    const { api, base, port } = await runningApi({
      handlers,
      limits: { closeGraceMs: 50 },
    });
    await (await fetch(`${base}/healthz`)).text();
    const stuck = rawBytes(
      port,
      `POST ${runs} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n`,
    );
    const pending = rawRequest(port, { path: '/v1/status' });
    await entered;
    const closed = api.close();
    answer.resolve({ done: true });
    expect((await pending).json()).toEqual({ done: true });
    await closed;
    await stuck.catch(() => undefined);
    await expect(rawRequest(port, { path: '/healthz' })).rejects.toThrow('ECONNREFUSED');
    await api.close();
  });

  test('an address in use is named', async () => {
    const { port } = await runningApi();
    const other = await runningApi();
    await other.api.close();
    const listening = other.api.listen({ host: '127.0.0.1', port });
    await expect(listening).rejects.toMatchObject({
      code: 'config/invalid_configuration',
      message: expect.stringContaining('EADDRINUSE'),
    });
  });
});
