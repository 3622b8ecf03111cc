import { once } from 'node:events';
import { type RequestListener, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as realSleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { type Egress, createEgress } from './egress.ts';
import type { EgressResponse } from './exchange.ts';
import { realClock } from './testing/real-clock.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

function egressOf(options: Partial<Parameters<typeof createEgress>[0]> = {}): Egress {
  const egress = createEgress({ clock: realClock, ...options });
  closers.push(() => egress.close());
  return egress;
}

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(async () => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function textOf(response: EgressResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of response.body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

const toOperator = (origin: string, url = `${origin}/`) => ({
  policy: { kind: 'operator_origin', origin } as const,
  url,
  method: 'POST',
  headers: { authorization: 'Bearer key' },
  body: 'hello',
});

describe('policy operator_origin', () => {
  test('sends nothing that is not admitted, at any hop', async () => {
    const seen: string[] = [];
    const origin = await serve((request, response) => {
      seen.push(request.url ?? '');
      if (request.url === '/') response.writeHead(307, { location: '/v2' }).end();
      else response.end('there');
    });
    const egress = egressOf();
    const refusal = new Error('revoked');
    const admitted = (times: number) => {
      let asked = 0;
      return {
        ...toOperator(origin),
        admit: () => {
          asked += 1;
          if (asked > times) throw refusal;
        },
      };
    };
    await expect(egress.request(admitted(0))).rejects.toBe(refusal);
    expect(seen).toEqual([]);
    await expect(egress.request(admitted(1))).rejects.toBe(refusal);
    expect(seen).toEqual(['/']);
    expect(await textOf(await egress.request(admitted(2)))).toBe('there');
    expect(seen).toEqual(['/', '/', '/v2']);
  });

  test('reaches a private address and gives status, headers and body', async () => {
    const origin = await serve((request, response) => {
      response.writeHead(418, { 'X-One': 'a' });
      request.pipe(response);
    });
    const response = await egressOf().request(toOperator(origin));
    expect(response.status).toBe(418);
    expect(response.headers['x-one']).toBe('a');
    expect(await textOf(response)).toBe('hello');
  });

  test('follows a redirect within the origin with method, body and credential', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/') {
        response.writeHead(308, { location: '/v2' }).end();
        return;
      }
      response.writeHead(200, { seen: `${request.method} ${request.headers.authorization}` });
      request.pipe(response);
    });
    const response = await egressOf().request(toOperator(origin));
    expect(response.headers['seen']).toBe('POST Bearer key');
    expect(await textOf(response)).toBe('hello');
  });

  test('turns a POST into a GET without body on 303', async () => {
    const origin = await serve((request, response) => {
      if (request.url === '/') response.writeHead(303, { location: '/next' }).end();
      else response.end(`${request.method} ${request.headers['content-length'] ?? 'no body'}`);
    });
    expect(await textOf(await egressOf().request(toOperator(origin)))).toBe('GET no body');
  });

  test('gives up on a redirect loop', async () => {
    const origin = await serve((_request, response) => {
      response.writeHead(307, { location: '/' }).end();
    });
    await expect(egressOf().request(toOperator(origin))).rejects.toMatchObject({
      code: 'egress/too_many_redirects',
    });
  });

  test.each(['ftp://127.0.0.1/', 'http://user:pass@127.0.0.1/', 'not a url'])(
    'refuses the URL %s',
    async (url) => {
      await expect(egressOf().request(toOperator('http://127.0.0.1', url))).rejects.toMatchObject({
        code: 'egress/invalid_url',
      });
    },
  );
});

describe('connections', () => {
  test('are kept for the next request, also after a reader who left early', async () => {
    const sockets = new Set<unknown>();
    const origin = await serve((request, response) => {
      sockets.add(request.socket);
      request.resume();
      response.write('first');
      setImmediate(() => response.end('last'));
    });
    const egress = egressOf();
    for (let round = 0; round < 3; round += 1) {
      for await (const _chunk of (await egress.request(toOperator(origin))).body) break;
      // The end of the abandoned response is in flight.
      await realSleep(20);
    }
    await textOf(await egress.request(toOperator(origin)));
    expect(sockets.size).toBe(1);
  });

  test('end when a reader leaves a response that does not end', async () => {
    let closed: Promise<unknown> | undefined;
    const origin = await serve((_request, response) => {
      closed = once(response, 'close');
      response.write('first');
    });
    for await (const _chunk of (await egressOf().request(toOperator(origin))).body) break;
    await expect(closed).resolves.toBeDefined();
  });

  test('refused, broken before and broken inside the body have their codes', async () => {
    const egress = egressOf();
    await expect(egress.request(toOperator('http://127.0.0.1:1'))).rejects.toMatchObject({
      code: 'egress/connect_failed',
      retryable: true,
    });
    const early = await serve((request) => request.socket.destroy());
    await expect(egress.request(toOperator(early))).rejects.toMatchObject({
      code: 'egress/connection_lost',
    });
    const late = await serve((request, response) => {
      response.write('half');
      setImmediate(() => request.socket.destroy());
    });
    const response = await egress.request(toOperator(late));
    await expect(textOf(response)).rejects.toMatchObject({ code: 'egress/connection_lost' });
  });
});

describe('limits', () => {
  test('inactivity counts before the first byte and between bytes', async () => {
    const limits = { inactivityMs: 30 };
    const silent = await serve(() => undefined);
    await expect(egressOf().request({ ...toOperator(silent), limits })).rejects.toMatchObject({
      code: 'egress/timeout',
    });
    const stalled = await serve((_request, response) => response.write('half'));
    const response = await egressOf().request({ ...toOperator(stalled), limits });
    await expect(textOf(response)).rejects.toMatchObject({ code: 'egress/timeout' });
  });

  test('total counts even while bytes come', async () => {
    const origin = await serve((_request, response) => {
      const timer = setInterval(() => response.write('.'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const limits = { inactivityMs: 10_000, totalMs: 60 };
    const response = await egressOf().request({ ...toOperator(origin), limits });
    await expect(textOf(response)).rejects.toMatchObject({ code: 'egress/timeout' });
  });

  test('connecting has its own limit', async () => {
    const egress = egressOf({ connectTimeoutMs: 20, resolve: () => new Promise(() => undefined) });
    await expect(
      egress.request({ policy: { kind: 'public' }, url: 'http://example.test/', method: 'GET' }),
    ).rejects.toMatchObject({ code: 'egress/timeout' });
  });

  test('a longer response is cut off', async () => {
    const origin = await serve((_request, response) => response.end('x'.repeat(101)));
    const limits = { maxResponseBytes: 100 };
    const response = await egressOf().request({ ...toOperator(origin), limits });
    await expect(textOf(response)).rejects.toMatchObject({ code: 'egress/response_too_large' });
  });

  test('a slow reader loses nothing', async () => {
    const block = Buffer.alloc(64 * 1024, 7);
    const origin = await serve((_request, response) => {
      for (let count = 0; count < 64; count += 1) response.write(block);
      response.end();
    });
    let bytes = 0;
    for await (const chunk of (await egressOf().request(toOperator(origin))).body) {
      bytes += chunk.byteLength;
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(bytes).toBe(64 * block.byteLength);
  });
});

describe('the signal', () => {
  test('ends a request upstream, before headers and inside the body', async () => {
    for (const headersFirst of [false, true]) {
      const abort = new AbortController();
      const reason = new Error('cancelled');
      let closed: Promise<unknown> | undefined;
      let arrived: (() => void) | undefined;
      const atServer = new Promise<void>((resolve) => {
        arrived = resolve;
      });
      const origin = await serve((_request, response) => {
        closed = once(response, 'close');
        if (headersFirst) response.write('half');
        arrived?.();
      });
      const failure = egressOf()
        .request({ ...toOperator(origin), signal: abort.signal })
        .then(textOf)
        .catch((error: unknown) => error);
      await atServer;
      abort.abort(reason);
      expect(await failure).toBe(reason);
      await closed;
    }
  });

  test('already aborted sends nothing', async () => {
    let requests = 0;
    const origin = await serve((_request, response) => {
      requests += 1;
      response.end();
    });
    const reason = new Error('too late');
    await expect(
      egressOf().request({ ...toOperator(origin), signal: AbortSignal.abort(reason) }),
    ).rejects.toBe(reason);
    expect(requests).toBe(0);
  });
});
