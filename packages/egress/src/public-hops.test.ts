import {
  type Listening,
  OutgoingConnects,
  listening,
  publicAddress,
  trap,
  v4,
} from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Resolve } from './address/public-lookup.ts';
import { ask, codeOf, egressOf, textOf } from './testing/public-egress.ts';

const refused = 'egress/destination_refused';
const invalid = 'egress/invalid_url';

let connects: OutgoingConnects;

beforeEach(async () => {
  connects = await OutgoingConnects.watch();
});
afterEach(() => connects[Symbol.dispose]());

const resolveNext: Resolve = async (host) => v4(host === 'next.test' ? '1.1.1.1' : publicAddress);

/** A public site that sends everyone to `location`. */
async function siteThatSendsTo(location: string, status = 302): Promise<Listening> {
  const site = await listening((_request, response) => {
    response.writeHead(status, { location: Buffer.from(location).toString('latin1') }).end();
  });
  connects.lead(publicAddress, 80, site.port);
  return site;
}

describe('rebinding', () => {
  test('a name that turns private after the check is connected at the address of the check [holds egress.public_only]', async () => {
    const caught = await trap();
    const site = await listening((_request, response) => {
      response.writeHead(200, { connection: 'close' }).end('site');
    });
    connects.lead(publicAddress, caught.port, site.port);
    const answers = [v4(publicAddress), v4('127.0.0.1'), v4('127.0.0.1')];
    let asked = 0;
    const egress = egressOf(async () => answers[(asked += 1) - 1] ?? []);
    const url = `http://rebound.test:${caught.port}/`;
    expect(await textOf(await ask(egress, url))).toBe('site');
    expect([asked, connects.seen]).toEqual([1, [`${publicAddress}:${caught.port}`]]);
    // The next connection asks again, and gets what is now true.
    expect(await codeOf(ask(egress, url))).toBe(refused);
    expect([asked, connects.seen.length, caught.accepted]).toEqual([2, 1, 0]);
  });

  test('a redirect to the own name looks it up like any other', async () => {
    const caught = await trap();
    const site = await listening((_request, response) => {
      const location = `http://rebound.test:${caught.port}/again`;
      response.writeHead(302, { location, connection: 'close' }).end();
    });
    connects.lead(publicAddress, caught.port, site.port);
    const answers = [v4(publicAddress), v4('127.0.0.1')];
    const egress = egressOf(async () => answers.shift() ?? []);
    expect(await codeOf(ask(egress, `http://rebound.test:${caught.port}/`))).toBe(refused);
    expect([connects.seen, caught.accepted]).toEqual([[`${publicAddress}:${caught.port}`], 0]);
  });

  test('every address of a name is one that was checked, when the first does not answer', async () => {
    const site = await listening((_request, response) => response.end('second'));
    const second = '8.8.4.4';
    connects.lead(second, 80, site.port);
    const egress = egressOf(async () => v4(publicAddress, second));
    expect(await textOf(await ask(egress, 'http://two.test/'))).toBe('second');
    expect(connects.seen).toEqual([`${publicAddress}:80`, `${second}:80`]);
  });
});

describe('redirects', () => {
  test.each([
    ['http://127.0.0.1:{port}/', refused],
    ['//127.0.0.1:{port}/', refused],
    ['/\\127.0.0.1:{port}/', refused],
    ['https://127.0.0.1:{port}/', refused],
    ['http://2130706433:{port}/', refused],
    // Bytes beyond ASCII in a header are no host.
    ['http://１２７.0.0.1:{port}/', invalid],
    ['http://[::1]:{port}/', refused],
    ['http://[::ffff:127.0.0.1]:{port}/', refused],
    ['http://169.254.169.254/latest/meta-data/', refused],
    ['http://localhost:{port}/', refused],
    ['http://mixed-last.test:{port}/', refused],
    ['http://metadata.google.internal/', refused],
    ['http://public.test@127.0.0.1:{port}/', invalid],
    ['file:///etc/passwd', invalid],
    ['gopher://127.0.0.1:{port}/', invalid],
    ['http://[', invalid],
  ])('to %s [holds egress.public_only]', async (location, code) => {
    const caught = await trap();
    const statuses = [301, 302, 303, 307, 308];
    for (const status of statuses) {
      await siteThatSendsTo(location.replace('{port}', String(caught.port)), status);
      expect(await codeOf(ask(egressOf(), 'http://public.test/')), String(status)).toBe(code);
    }
    expect(connects.seen).toEqual(statuses.map(() => `${publicAddress}:80`));
    expect(caught.accepted).toBe(0);
  });

  test('through one public site to the next, and then inside', async () => {
    const caught = await trap();
    await siteThatSendsTo('http://next.test/');
    const next = await listening((_request, response) => {
      response.writeHead(307, { location: `http://10.0.0.1:${caught.port}/` }).end();
    });
    connects.lead('1.1.1.1', 80, next.port);
    const egress = egressOf(resolveNext);
    expect(await codeOf(ask(egress, 'http://public.test/'))).toBe(refused);
    expect(connects.seen).toEqual([`${publicAddress}:80`, '1.1.1.1:80']);
  });

  test('a loop ends after five', async () => {
    const site = await siteThatSendsTo('/?again');
    expect(await codeOf(ask(egressOf(), 'http://public.test/'))).toBe('egress/too_many_redirects');
    expect(site.requests.length).toBe(6);
  });

  test('another origin gets no credential: another name, another port, another scheme', async () => {
    const next = await listening((_request, response) => response.end());
    connects.lead('1.1.1.1', 80, next.port);
    connects.lead(publicAddress, 81, next.port);
    const headers = {
      authorization: 'Bearer key',
      cookie: 'session=key',
      'x-api-key': 'key',
      'X-Goog-Api-Key': 'key',
      'proxy-authorization': 'Basic key',
      accept: 'text/plain',
    };
    const go = async (location: string) => {
      await siteThatSendsTo(location, 307);
      return codeOf(ask(egressOf(resolveNext), 'http://public.test/', { headers }));
    };
    expect(await go('http://next.test/')).toBe('answered');
    expect(await go('http://public.test:81/')).toBe('answered');
    expect(next.requests.map(({ headers: { accept } }) => accept)).toEqual([
      'text/plain',
      'text/plain',
    ]);
    for (const request of next.requests)
      expect(JSON.stringify(request.headers)).not.toContain('key');
    expect(await go('https://public.test/')).toBe('egress/connect_failed');
    expect(connects.seen.at(-1)).toBe(`${publicAddress}:443`);
  });
});
