import { describe, expect, test } from 'vitest';
import { rawBytes, rawRequest, refusalOf } from '../testing/raw-request.ts';
import { runningApi } from '../testing/running-api.ts';
import { hostCheck } from './host.ts';
import { originCheck } from './origin.ts';

const hosts: [string, boolean][] = [
  ['localhost', true],
  ['LOCALHOST:4000', true],
  ['127.0.0.1', true],
  ['127.0.0.1:80', true],
  ['[::1]', true],
  ['[::1]:4000', true],
  ['evil.example', false],
  ['localhost.evil.example', false],
  ['localhost.', false],
  ['127.0.0.1.evil.example', false],
  ['evil.example:4000', false],
  ['192.168.0.1', false],
  ['0.0.0.0', false],
  ['::1', false],
];

const origins: [string | undefined, boolean][] = [
  [undefined, true],
  ['http://localhost', true],
  ['http://localhost:5173', true],
  ['https://127.0.0.1:8443', true],
  ['http://[::1]:3000', true],
  ['http://localhost.evil.example', false],
  ['http://localhost@evil.example', false],
  ['http://evil-localhost', false],
  ['http://127.0.0.1.evil.example', false],
  ['http://evil.example', false],
  ['ftp://localhost', false],
  ['http://localhost/', false],
  ['http://localhost:5173, http://evil.example', false],
  ['null', false],
  ['', false],
];

describe('Host and Origin', () => {
  test('each pair is judged on its own, on every method and path, the probes too', async () => {
    const { port } = await runningApi();
    const ways = [
      { method: 'GET', path: '/healthz' },
      { method: 'POST', path: '/v1/sessions' },
      { method: 'OPTIONS', path: '/v1/sessions' },
      { method: 'GET', path: '/v1/none' },
    ];
    for (const [way, asked] of ways.entries()) {
      for (const [index, [host, hostAllowed]] of hosts.entries()) {
        for (const [other, [origin, originAllowed]] of origins.entries()) {
          if ((index + other + way) % 3 !== 0) continue;
          const headers = { host, ...(origin !== undefined && { origin }) };
          const { status, text } = await rawRequest(port, { ...asked, headers });
          const passed = [200, 201, 204, 404].includes(status);
          const problem = passed ? undefined : (JSON.parse(text) as { code: string }).code;
          // The URL of a malformed Host is refused before the check.
          const refusals = hostAllowed
            ? ['origin_not_allowed']
            : ['host_not_allowed', 'bad_request'];
          const expected = hostAllowed && originAllowed ? [undefined] : refusals;
          expect(expected.map((code) => [host, origin, asked, code])).toContainEqual([
            host,
            origin,
            asked,
            problem,
          ]);
        }
      }
    }
  });

  test('another name gets 421 api/host_not_allowed', async () => {
    const { port } = await runningApi();
    const answer = await rawRequest(port, { path: '/healthz', headers: { host: 'evil.example' } });
    expect(answer.status).toBe(421);
    expect(answer.json()).toMatchObject({ domain: 'api', code: 'host_not_allowed' });
    expect(answer.headers['x-request-id']).toBeTruthy();
  });

  const twoNames = 'HTTP/1.1\r\nHost: localhost\r\nhost: evil.example\r\n';

  test.each(['HTTP/1.1\r\nHost:\r\n', 'HTTP/1.1\r\n', 'HTTP/1.0\r\n', twoNames])(
    'a request without one name (%j) is refused',
    async (head) => {
      const { port } = await runningApi();
      const answer = await rawBytes(port, `GET /healthz ${head}Connection: close\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1.1 421 /);
      expect(answer).toContain('"code":"host_not_allowed"');
    },
  );

  test('the bind host has its own name; a bind beyond loopback has any', () => {
    expect(() => hostCheck('127.0.0.9')('127.0.0.9:4000')).not.toThrow();
    expect(() => hostCheck('127.0.0.1')('127.0.0.9:4000')).toThrow('Host');
    expect(() => hostCheck('::1')('[::1]:4000')).not.toThrow();
    expect(() => hostCheck('0.0.0.0')('daemon.example')).not.toThrow();
    expect(() => hostCheck('localhost')(undefined)).toThrow('Host');
  });

  test('a list allows exactly its origins', () => {
    const check = originCheck(['http://localhost:5173']);
    expect(() => check('http://localhost:5173')).not.toThrow();
    expect(() => check('http://localhost:5174')).toThrow('Origin');
    expect(() => check(undefined)).not.toThrow();
  });

  test('a page of another site is refused where it comes without Origin', async () => {
    const { port } = await runningApi();
    const asked = (headers: Record<string, string>) =>
      rawRequest(port, { path: '/v1/status', headers });
    const fromOtherSite = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' };
    expect(await refusalOf(asked(fromOtherSite))).toEqual([403, 'cors/origin_not_allowed']);
    for (const site of ['none', 'same-origin', 'same-site']) {
      expect((await asked({ 'sec-fetch-site': site })).status).toBe(200);
    }
    const allowed = { ...fromOtherSite, origin: 'http://localhost:5173' };
    expect((await asked(allowed)).status).toBe(200);
  });

  test.each([
    ['http://evil.example/healthz', 421],
    ['http://evil.example:80/healthz', 421],
    ['http://localhost@evil.example/healthz', 421],
    ['HTTP://EVIL.EXAMPLE/healthz', 400],
    ['http://localhost:1/healthz', 200],
  ])('a target in absolute form is judged by its own name: %s', async (target, status) => {
    const { port } = await runningApi();
    const answer = await rawBytes(
      port,
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(Number(answer.slice(9, 12))).toBe(status);
  });

  test('a preflight is answered before authentication; an allowed origin is named on every answer', async () => {
    const { port } = await runningApi({
      access: { enabled: true, authenticate: () => undefined },
    });
    const headers = { origin: 'http://localhost:5173' };
    const preflight = await rawRequest(port, { method: 'OPTIONS', path: '/v1/status', headers });
    expect(preflight.status).toBe(204);
    expect(preflight.text).toBe('');
    expect(preflight.headers).toMatchObject({
      'access-control-allow-origin': 'http://localhost:5173',
      'access-control-allow-methods': 'GET,HEAD,POST,PUT,PATCH,DELETE,OPTIONS',
      'access-control-max-age': '600',
      vary: expect.stringContaining('Origin'),
    });
    const allowed = preflight.headers['access-control-allow-headers'] ?? '';
    for (const name of [
      'authorization',
      'content-type',
      'x-kheish-daemon-token',
      'idempotency-key',
    ]) {
      expect(allowed.split(',')).toContain(name);
    }
    const refused = await rawRequest(port, { path: '/v1/status', headers });
    expect(refused.status).toBe(401);
    expect(refused.headers['access-control-allow-origin']).toBe('http://localhost:5173');
    expect(refused.headers['vary']).toBe('Origin');
    const plain = await rawRequest(port, { path: '/healthz' });
    expect(plain.headers['access-control-allow-origin']).toBeUndefined();
    expect(plain.headers['vary']).toBe('Origin');
  });
});
