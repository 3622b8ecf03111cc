import { describe, expect, test } from 'vitest';
import type { Handlers } from '../call/call.ts';
import { rawBytes, rawRequest } from '../testing/raw-request.ts';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

const runs = '/v1/sessions/s1/runs';

describe('close', () => {
  test('waits for an answer under way, and comes to an end with idle and stuck connections', async () => {
    const entered = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<unknown>();
    const slow = (() => {
      entered.resolve();
      return answer.promise;
    }) as unknown as Handlers['getStatus'];
    const { api, base, port } = await runningApi({
      handlers: echoHandlers({ getStatus: slow }),
      limits: { closeGraceMs: 50 },
    });
    await (await fetch(`${base}/healthz`)).text();
    const stuck = rawBytes(
      port,
      `POST ${runs} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n`,
    );
    const pending = rawRequest(port, { path: '/v1/status' });
    await entered.promise;
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
