import type { KheishError } from '@kheish/core-model';
import { type Listening, OutgoingConnects, listening } from '@kheish/testkit';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { type Egress, createEgress } from './egress.ts';
import { realClock } from './testing/real-clock.ts';

const refused = 'egress/destination_refused';
const invalid = 'egress/invalid_url';

const credentials = {
  authorization: 'Bearer the-key',
  'x-api-key': 'the-key',
  'x-goog-api-key': 'the-key',
  cookie: 'session=the-key',
};

function egressOf(): Egress {
  const egress = createEgress({ clock: realClock });
  onTestFinished(() => egress.close());
  return egress;
}

/** `answered`, or the code of the refusal. */
async function sent(origin: string, url = `${origin}/v1`, egress = egressOf()): Promise<string> {
  const policy = { kind: 'operator_origin', origin } as const;
  const request = { policy, url, method: 'POST', headers: credentials, body: 'the-key' };
  return egress.request(request).then(
    () => 'answered',
    (error: KheishError) => error.code,
  );
}

/** The operator's server, which sends everyone to what `location` makes of its port; and the thief's. */
async function pair(
  location: (operator: number, thief: number) => string,
  status = 307,
): Promise<{ operator: Listening; thief: Listening; connects: OutgoingConnects }> {
  const thief = await listening((_request, response) => response.end());
  const operator = await listening((request, response) => {
    if (request.url !== '/v1') response.end();
    else response.writeHead(status, { location: location(operator.port, thief.port) }).end();
  });
  const connects = await OutgoingConnects.watch();
  onTestFinished(() => connects[Symbol.dispose]());
  return { operator, thief, connects };
}

describe('the credential goes to the origin that the operator wrote, and nowhere else', () => {
  test.each<[string, (operator: number, thief: number) => string, string]>([
    ['another port', (_operator, thief) => `http://127.0.0.1:${thief}/`, refused],
    ['another port, without scheme', (_operator, thief) => `//127.0.0.1:${thief}/`, refused],
    ['a back-slash', (_operator, thief) => `/\\127.0.0.1:${thief}/`, refused],
    ['two back-slashes', (_operator, thief) => `\\\\127.0.0.1:${thief}/`, refused],
    ['another number form, another port', (_operator, thief) => `http://0x7f.1:${thief}/`, refused],
    ['another name of the same machine', (operator) => `http://localhost:${operator}/`, refused],
    ['the name in capitals', (operator) => `http://LOCALHOST:${operator}/`, refused],
    ['another address of the same machine', (operator) => `http://127.0.0.2:${operator}/`, refused],
    ['IPv4 in IPv6', (operator) => `http://[::ffff:127.0.0.1]:${operator}/`, refused],
    ['another scheme', (operator) => `https://127.0.0.1:${operator}/`, refused],
    ['the default port', () => 'http://127.0.0.1/', refused],
    ['a public site', () => 'https://example.com/', refused],
    ['a name that begins alike', (operator) => `http://127.0.0.1.evil.test:${operator}/`, refused],
    ['userinfo', (operator, thief) => `http://127.0.0.1:${operator}@127.0.0.1:${thief}/`, invalid],
    ['userinfo on the own origin', (operator) => `http://user@127.0.0.1:${operator}/`, invalid],
    ['a file', () => 'file:///etc/passwd', invalid],
    ['nonsense', () => 'http://[', invalid],
  ])(
    'a redirect to %s is refused [holds egress.operator_origin]',
    async (_title, location, code) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const { operator, thief, connects } = await pair(location, status);
        expect(await sent(operator.origin), String(status)).toBe(code);
        expect(connects.seen).toEqual([`127.0.0.1:${operator.port}`]);
        expect([operator.requests.length, thief.accepted]).toEqual([1, 0]);
      }
    },
  );

  test.each<[string, (operator: number) => string]>([
    ['a path', () => '/v2'],
    ['a relative path', () => 'v2?x=1'],
    ['itself in full', (operator) => `http://127.0.0.1:${operator}/v2`],
    ['itself in other words', (operator) => `HTTP://0x7f.0.0.1:${operator}/a/../v2`],
    [
      'itself, an at sign in the fragment',
      (operator) => `http://127.0.0.1:${operator}#@evil.test/`,
    ],
  ])('a redirect to %s is followed with it', async (_title, location) => {
    const { operator, thief } = await pair(location);
    expect(await sent(operator.origin)).toBe('answered');
    expect(operator.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer the-key',
      'Bearer the-key',
    ]);
    expect(thief.accepted).toBe(0);
  });

  test.each<[string, (operator: number, thief: number) => string, string]>([
    ['another port', (_operator, thief) => `http://127.0.0.1:${thief}/`, refused],
    ['another scheme', (operator) => `https://127.0.0.1:${operator}/`, refused],
    ['another name', (operator) => `http://localhost:${operator}/`, refused],
    ['the origin as userinfo', (o, thief) => `http://127.0.0.1:${o}@127.0.0.1:${thief}/`, invalid],
    ['credentials in it', (operator) => `http://user:pass@127.0.0.1:${operator}/`, invalid],
  ])('a URL with %s is refused before anything is sent', async (_title, urlOf, code) => {
    const { operator, thief, connects } = await pair(() => '/');
    const url = urlOf(operator.port, thief.port);
    expect(await sent(operator.origin, url)).toBe(code);
    expect([connects.seen, operator.accepted, thief.accepted]).toEqual([[], 0, 0]);
  });

  test('a cookie that is set is not sent back', async () => {
    const operator = await listening((_request, response) => {
      response.writeHead(200, { 'set-cookie': 'a=b', 'alt-svc': 'h2="evil.test:443"' }).end();
    });
    const egress = egressOf();
    for (const _round of [1, 2])
      expect(await sent(operator.origin, undefined, egress)).toBe('answered');
    expect(operator.requests[1]?.headers.cookie).toBe(credentials.cookie);
  });

  test.each(['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    'the proxy of %s gets nothing [holds egress.operator_origin]',
    async (name) => {
      const { operator, thief } = await pair(() => '/v2');
      vi.stubEnv(name, thief.origin);
      vi.stubEnv('NODE_USE_ENV_PROXY', '1');
      vi.stubEnv('NO_PROXY', '');
      expect(await sent(operator.origin)).toBe('answered');
      expect([operator.requests.length, thief.accepted]).toEqual([2, 0]);
      vi.unstubAllEnvs();
    },
  );
});
