import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { DaemonUnreachable, RequestTimedOut } from '../errors.ts';
import { hastyClock } from '../testing/hasty-clock.ts';
import { json, problem, runView, serve } from '../testing/journal-server.ts';

const client = (baseUrl: string, more: object = {}) =>
  createClient({ baseUrl, clock: hastyClock, ...more });

describe('a lost answer', () => {
  test('of a submit is asked for again with the same key, until it comes', async () => {
    await using server = await serve((_, response) => {
      if (server.requests.length < 3) response.destroy();
      else if (server.requests.length === 3) problem(response, 503, 'readiness/daemon_draining');
      else json(response, 202, runView('queued'));
    });
    const run = await client(server.baseUrl).sessions.submit('s', 'hi');
    expect(run.run_id).toBe('run_1');
    const keys = server.requests.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
    expect(keys[0]).toMatch(/^sdk-[0-9a-f]{32}$/);
  });

  test('in the middle of the body counts as lost', async () => {
    await using server = await serve((_, response) => {
      if (server.requests.length > 1) return json(response, 202, runView('queued'));
      response.writeHead(202, { 'content-length': '999' });
      response.write('{', () => response.destroy());
    });
    await client(server.baseUrl).sessions.submit('s', 'hi');
    expect(server.requests).toHaveLength(2);
  });

  test('of a read is reported at once', async () => {
    await using server = await serve((_, response) => void response.destroy());
    await expect(client(server.baseUrl).runs.get('r')).rejects.toThrow(DaemonUnreachable);
    expect(server.requests).toHaveLength(1);
  });

  test('that never comes is given up after the grace', async () => {
    await using server = await serve((_, response) => void response.destroy());
    const lost = client(server.baseUrl, { graceMs: 50 }).sessions.submit('s', 'hi');
    await expect(lost).rejects.toThrow(DaemonUnreachable);
    expect(server.requests.length).toBeGreaterThan(1);
  });
});

describe('one attempt', () => {
  test('is enough when nothing listens', async () => {
    const server = await serve(() => undefined);
    await server[Symbol.asyncDispose]();
    const submit = client(server.baseUrl, { graceMs: 3_600_000 }).sessions.submit('s', 'hi');
    await expect(submit).rejects.toMatchObject({ refused: true, baseUrl: server.baseUrl });
  });

  test('is enough when the daemon refuses', async () => {
    await using server = await serve((_, response) =>
      problem(response, 503, 'storage/storage_unavailable'),
    );
    await expect(client(server.baseUrl).sessions.submit('s', 'hi')).rejects.toThrow(KheishError);
    expect(server.requests).toHaveLength(1);
  });
});

describe('a request', () => {
  test('carries token, body and the key that was given', async () => {
    await using server = await serve((_, response) => json(response, 202, runView('queued')));
    await client(server.baseUrl, { token: 't' }).sessions.submit('a/b', {
      content: 'hi',
      idempotency_key: 'k',
    });
    expect(server.requests[0]).toMatchObject({
      method: 'POST',
      url: '/v1/sessions/a%2Fb/runs',
      body: '{"content":"hi"}',
      headers: {
        authorization: 'Bearer t',
        'idempotency-key': 'k',
        'content-type': 'application/json',
      },
    });
  });

  test('times out', async () => {
    await using server = await serve(() => undefined);
    const late = client(server.baseUrl).runs.get('r', { timeoutMs: 500 });
    await expect(late).rejects.toThrow(RequestTimedOut);
  });

  test('rejects with the reason of its signal', async () => {
    const stop = new AbortController();
    await using server = await serve(() => stop.abort(new Error('enough')));
    const stopped = client(server.baseUrl).sessions.submit('s', 'hi', { signal: stop.signal });
    await expect(stopped).rejects.toThrow('enough');
  });

  test('does not follow a redirect with its token', async () => {
    await using server = await serve((_, response) => {
      response.writeHead(302, { location: '/elsewhere' }).end();
    });
    await expect(client(server.baseUrl, { token: 't' }).status()).rejects.toMatchObject({
      status: 302,
    });
    expect(server.requests).toHaveLength(1);
  });
});
