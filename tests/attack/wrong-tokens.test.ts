import { type Client, createClient } from '@kheish/client-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { residentMegabytes } from '../harness/resident.ts';
import { SeededChance } from '../harness/seeded-chance.ts';
import { all } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { Target } from './raw-http.ts';

const SEED = Number(process.env['WRONG_TOKENS_SEED'] ?? Date.now() % 2 ** 32);
const ATTEMPTS = 10_000;
const AT_A_TIME = 250;
const admin = 'admin-token-0123456789abcdefghij';

const box = sandbox();
let daemon: DaemonProcess;
let target: Target;
let client: Client;
let named: string;

beforeAll(async () => {
  daemon = await startDaemon({ sandbox: box, args: ['--http-admin-token', admin] });
  target = new Target(daemon.url);
  client = createClient({ baseUrl: daemon.url, token: admin });
  ({ token: named } = await client.tokens.create({ name: 'right', role: 'readonly' }));
});

afterAll(async () => {
  target[Symbol.dispose]();
  await daemon[Symbol.asyncDispose]();
  box[Symbol.dispose]();
});

const get = (token: string, more = '') =>
  `GET /v1/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`;

/** A right token with another character, of the static or the named kind: the nearest that a guess can be. */
function wrongToken(chance: SeededChance): string {
  const right = chance.between(0, 1) === 0 ? admin : named;
  const at = chance.between(0, right.length - 1);
  return `${right.slice(0, at)}${right[at] === 'x' ? 'y' : 'x'}${right.slice(at + 1)}`;
}

test(`${ATTEMPTS} wrong tokens keep no right one out, and leave a bounded trace [holds access.guesses_are_bounded]`, async () => {
  console.log(`wrong tokens: WRONG_TOKENS_SEED=${SEED}`);
  const chance = new SeededChance(SEED);
  const head = (await client.status()).events.newest_event_id;
  const before = residentMegabytes(daemon.pid);
  const counts = new Map<string, number>();
  for (let sent = 0; sent < ATTEMPTS; sent += AT_A_TIME) {
    const wrong = Array.from({ length: AT_A_TIME }, () => get(wrongToken(chance)));
    const right = sent % (2 * AT_A_TIME) === 0 ? admin : named;
    // On the same connection, behind all the others.
    const answer = await target.bytes(wrong.join(''), get(right, 'Connection: close\r\n'));
    const statuses = [...answer.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status = '']) => status);
    expect([statuses.length, statuses.at(-1)]).toEqual([AT_A_TIME + 1, '200']);
    for (const status of statuses.slice(0, -1)) counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  // 60 a minute, however many minutes it took.
  const { 401: told = 0, 429: limited = 0 } = Object.fromEntries(counts);
  expect(told + limited).toBe(ATTEMPTS);
  expect(told).toBeGreaterThanOrEqual(60);
  expect(told).toBeLessThanOrEqual(600);

  const failures = await until('the record', async () => {
    const noted = await all(client.tokens.failures({ limit: 100 }));
    return noted.filter(({ event }) => event === 'auth_failure').length === told
      ? noted
      : undefined;
  });
  const transitions = failures.filter(({ event }) => event === 'auth_rate_limited').length;
  expect([transitions > 0, transitions <= told / 60]).toEqual([true, true]);
  expect(failures.length).toBe(told + transitions);
  expect((await client.status()).events.newest_event_id).toBe(head);
  expect(daemon.log.length).toBeLessThan(4_000);
  expect(residentMegabytes(daemon.pid) - before).toBeLessThan(80);
});

test.each([
  ['a folded line', `Authorization: Bearer\r\n ${admin}\r\n`, 400],
  [
    'a line folded within the token',
    `Authorization: Bearer ${admin.slice(0, 9)}\r\n\t${admin.slice(9)}\r\n`,
    400,
  ],
  ['a space before the colon', `Authorization : Bearer ${admin}\r\n`, 400],
  ['a NUL', `Authorization: Bearer ${admin}\0\r\n`, 400],
  ['two lines', `Authorization: Bearer ${admin}\r\nAuthorization: Bearer ${admin}\r\n`, 401],
  ['two schemes', `Authorization: Basic eDp5\r\nAuthorization: Bearer ${admin}\r\n`, 401],
  ['a list', `Authorization: Bearer x, Bearer ${admin}\r\n`, 401],
  ['parameters', `Authorization: Bearer token="${admin}"\r\n`, 401],
  ['another header', `X-Kheish-Daemon-Token: ${admin}\r\n`, 401],
  ['the header of a proxy', `Proxy-Authorization: Bearer ${admin}\r\n`, 401],
  ['a cookie', `Cookie: token=${admin}\r\n`, 401],
  ['an underscore', `Authorization_: Bearer ${admin}\r\n`, 401],
  ['a name', 'X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-User: admin\r\nX-Real-IP: ::1\r\n', 401],
  ['another method', `X-HTTP-Method-Override: OPTIONS\r\nX-Original-URL: /healthz\r\n`, 401],
  ['a huge token', `Authorization: Bearer ${'x'.repeat(20_000)}\r\n`, 431],
])('a token comes in by one line of one header: not by %s', async (_, lines, status) => {
  const request = `GET /v1/status HTTP/1.1\r\nHost: localhost\r\n${lines}Connection: close\r\n\r\n`;
  const answer = await target.bytes(request);
  // Of wrong ones there were too many before.
  const told = Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);
  expect(status === 401 ? [401, 429] : [status]).toContain(told);
  expect(answer).not.toContain('process_id');
});

test.each([
  ['the query', `/v1/status?token=${admin}&access_token=${admin}`],
  ['the user of an absolute target', `http://${admin}@localhost/v1/status`],
  ['dots to an open path', '/healthz/../v1/status'],
  ['an encoded open path', '/v1/status%2f..%2fhealthz'],
  ['two slashes', '//healthz/v1/status'],
  ['a path within an open one', '/readyz/v1/status'],
])('nor by %s', async (_, path) => {
  const lines = 'Host: localhost\r\nConnection: close\r\n\r\n';
  for (const method of ['GET', 'HEAD', 'POST', 'PATCH']) {
    const answer = await target.bytes(`${method} ${path} HTTP/1.1\r\n${lines}`);
    expect(Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1])).toBeOneOf([400, 401, 421, 429]);
  }
});
