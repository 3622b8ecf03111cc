import { listening, names, publicAddress, trap, v4, v6 } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WebWorld } from '../testing/web-world.ts';

const refused = 'egress/destination_refused';
const invalid = 'egress/invalid_url';

let world: WebWorld;

beforeEach(async () => {
  world = await WebWorld.create();
});
afterEach(() => world[Symbol.dispose]());

/** `{port}` is one at which a server listens on every address of this machine. */
const refusals: readonly (readonly [kind: string, code: string, urls: readonly string[]])[] = [
  [
    'addresses that are not public',
    refused,
    [
      'http://127.0.0.1:{port}/',
      'https://127.0.0.1:{port}/',
      'http://127.255.255.254:{port}/',
      'http://0.0.0.0:{port}/',
      'http://10.0.0.1/',
      'http://172.16.0.1/',
      'http://172.31.255.255/',
      'http://192.168.1.1/',
      'http://169.254.169.254/latest/meta-data/',
      'http://169.254.170.2/v2/credentials',
      'http://100.64.0.1/',
      'http://100.100.100.200/latest/meta-data/',
      'http://168.63.129.16/machine',
      'http://192.0.0.192/opc/v2/instance/',
      'http://198.18.0.1/',
      'http://192.0.2.1/',
      'http://224.0.0.1/',
      'http://255.255.255.255/',
    ],
  ],
  [
    'IPv6',
    refused,
    [
      'http://[::1]:{port}/',
      'http://[::]:{port}/',
      'http://[0:0:0:0:0:0:0:1]:{port}/',
      'http://[::ffff:127.0.0.1]:{port}/',
      'http://[::ffff:7f00:1]:{port}/',
      'http://[::FFFF:A9FE:A9FE]/latest/meta-data/',
      'http://[::127.0.0.1]:{port}/',
      'http://[64:ff9b::127.0.0.1]:{port}/',
      'http://[64:ff9b:1::a00:1]/',
      'http://[2002:7f00:1::]/',
      'http://[2001::1]/',
      'http://[fc00::1]/',
      'http://[fd00:ec2::254]/latest/meta-data/',
      'http://[fe80::1]/',
      'http://[fec0::1]/',
      'http://[ff02::1]/',
    ],
  ],
  [
    'numbers for an address',
    refused,
    [
      'http://2130706433:{port}/',
      'http://2852039166/latest/meta-data/',
      'http://0x7f000001:{port}/',
      'http://0X7F.0x0.0x0.0x1:{port}/',
      'http://017700000001:{port}/',
      'http://0177.0.0.01:{port}/',
      'http://127.1:{port}/',
      'http://127.0.1:{port}/',
      'http://0:{port}/',
      'http://0xa9.0xfe.0xa9.0xfe/',
      'http://127.0.0.1.:{port}/',
      'http://2130706433.:{port}/',
    ],
  ],
  [
    'other ways to write it',
    refused,
    [
      'http://%31%32%37.0.0.1:{port}/',
      'http://127%2e0%2e0%2e1:{port}/',
      'http://１２７.０.０.１:{port}/',
      'http://127。0。0。1:{port}/',
      'http://①②⑦.⓪.⓪.①:{port}/',
      'HTTP://LOCALHOST:{port}/',
      'http://ｌｏｃａｌｈｏｓｔ:{port}/',
      'http://%6c%6fcalhost:{port}/',
      'http:\\\\127.0.0.1:{port}\\',
      'http:////127.0.0.1:{port}/',
      'http:127.0.0.1:{port}/',
      '  http://127.0.0.1:{port}/  ',
      'ht\ntp://127.\t0.0.\r1:{port}/',
      'http://127.0.0.1:{port}\\@public.test/',
      'http://127.0.0.1:{port}#@public.test/',
      'http://127.0.0.1:{port}?@public.test/',
    ],
  ],
  [
    'what is no URL of the public web',
    invalid,
    [
      'http://public.test@127.0.0.1:{port}/',
      'http://127.0.0.1@public.test/',
      'http://user:password@public.test/',
      'http://:password@public.test/',
      'http://[fe80::1%25lo]:{port}/',
      'http://[::1%lo]:{port}/',
      'http://256.1.1.1/',
      'http://0x100000000/',
      'http://127.0.0.0x100/',
      'http://public.test:65536/',
      'http://public.test%00.evil.test/',
      'http:///',
      '//public.test/',
      'public.test',
      'file:///etc/passwd',
      'ftp://127.0.0.1/',
      'gopher://127.0.0.1:6379/_INFO',
      'ws://127.0.0.1:{port}/',
      'data:text/plain,hello',
      'javascript:1',
      'unix:/var/run/docker.sock',
      'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
      'blob:http://127.0.0.1/x',
    ],
  ],
  [
    'ports of this machine',
    refused,
    [0, 22, 80, 443, 2375, 4000, 6379, 65_535].map((port) => `http://127.0.0.1:${port}/`),
  ],
  [
    'names of what is not public',
    refused,
    Object.keys(names)
      .filter((name) => name !== 'public.test')
      .map((name) => `http://${name}:{port}/`),
  ],
];

const cases = refusals.flatMap(([kind, code, urls]) => urls.map((url) => [kind, url, code]));

test.each(cases)('%s: %j [holds tools.web_fetch_public_only]', async (_kind, url = '', code) => {
  const caught = await trap();
  expect(await world.codeOf(url.replace('{port}', String(caught.port)))).toBe(code);
  expect([world.connects.seen, caught.accepted]).toEqual([[], 0]);
});

test('the table is as long as it should be', () => {
  expect(new Set(cases.map(([, url]) => url)).size).toBeGreaterThanOrEqual(110);
});

test.each([
  ['none', []],
  ['one that is private', v4('10.1.2.3')],
  ['a private one behind a public one', v4(publicAddress, '127.0.0.1')],
  ['a private one before a public one', v4('192.168.0.1', publicAddress)],
  ['a public one and loopback in IPv6', [...v4(publicAddress), ...v6('::1')]],
  ['IPv4 in the clothes of IPv6', v6('::ffff:127.0.0.1')],
  ['one with a zone', v6('fe80::1%lo')],
  ['what is no address', v4('127.0.0.1/8')],
])('a name with these addresses: %s [holds tools.web_fetch_public_only]', async (_, found) => {
  world.resolve = async () => found;
  expect(await world.codeOf('http://anything.test/')).toBe(refused);
  expect(world.connects.seen).toEqual([]);
});

describe('redirects', () => {
  const places: readonly (readonly [location: string, code: string])[] = [
    ['http://127.0.0.1:{port}/', refused],
    ['//127.0.0.1:{port}/', refused],
    ['/\\127.0.0.1:{port}/', refused],
    ['http://2130706433:{port}/', refused],
    ['http://[::ffff:127.0.0.1]:{port}/', refused],
    ['http://169.254.169.254/latest/meta-data/', refused],
    ['http://localhost:{port}/', refused],
    ['http://mixed-last.test:{port}/', refused],
    ['http://user@public.test/', invalid],
    ['file:///etc/passwd', invalid],
  ];
  const statuses = [301, 302, 303, 307, 308];

  test.each(statuses.flatMap((status) => places.map((place) => [status, ...place] as const)))(
    '%i to %s [holds tools.web_fetch_public_only]',
    async (status, location, code) => {
      const caught = await trap();
      await world.site((_request, response) => {
        response.writeHead(status, { location: location.replace('{port}', String(caught.port)) });
        response.end('moved');
      });
      expect(await world.codeOf('http://public.test/')).toBe(code);
      expect([world.connects.seen, caught.accepted]).toEqual([[`${publicAddress}:80`], 0]);
    },
  );

  test('a loop ends', async () => {
    const site = await world.site((_request, response) => {
      response.writeHead(302, { location: '/?again' }).end();
    });
    expect(await world.codeOf('http://public.test/')).toBe('egress/too_many_redirects');
    expect(site.requests.length).toBe(6);
  });
});

describe('rebinding', () => {
  test('the socket gets the address that was checked, and no second answer [holds tools.web_fetch_public_only]', async () => {
    const caught = await trap();
    const site = await listening((_request, response) => response.end('site'));
    world.connects.lead(publicAddress, caught.port, site.port);
    const answers = [v4(publicAddress), v4('127.0.0.1')];
    world.resolve = async () => answers.shift() ?? [];
    const url = `http://rebound.test:${caught.port}/`;
    expect(await world.codeOf(url)).toContain('site');
    expect(await world.codeOf(url)).toBe(refused);
    expect(world.connects.seen).toEqual([`${publicAddress}:${caught.port}`]);
    expect(caught.accepted).toBe(0);
  });

  test('a redirect to the own name looks it up like any other [holds tools.web_fetch_public_only]', async () => {
    const caught = await trap();
    const site = await listening((_request, response) => {
      response.writeHead(302, { location: '/again', connection: 'close' }).end();
    });
    world.connects.lead(publicAddress, caught.port, site.port);
    const answers = [v4(publicAddress), v4('127.0.0.1')];
    world.resolve = async () => answers.shift() ?? [];
    expect(await world.codeOf(`http://rebound.test:${caught.port}/`)).toBe(refused);
    expect([world.connects.seen.length, caught.accepted]).toEqual([1, 0]);
  });
});

test('no proxy of the environment is asked [holds tools.web_fetch_public_only]', async ({
  onTestFinished,
}) => {
  const proxy = await listening((_request, response) => response.end('proxied'));
  const variables = ['http_proxy', 'HTTP_PROXY', 'all_proxy'];
  const before = variables.map((name) => [name, process.env[name]] as const);
  onTestFinished(() => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  });
  for (const name of variables) process.env[name] = proxy.origin;
  await world.site((_request, response) => response.end('direct'));
  expect(await world.codeOf('http://public.test/')).toContain('direct');
  expect(proxy.accepted).toBe(0);
});
