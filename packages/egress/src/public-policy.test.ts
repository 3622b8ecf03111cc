import { get } from 'node:http';
import { domainToASCII } from 'node:url';
import { OutgoingConnects, listening, names, publicAddress, trap, v4, v6 } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ask, codeOf, egressOf, textOf } from './testing/public-egress.ts';

const refused = 'egress/destination_refused';
const invalid = 'egress/invalid_url';
const publicV6 = '2606:4700:4700::1111';

let connects: OutgoingConnects;

beforeEach(async () => {
  connects = await OutgoingConnects.watch();
});
afterEach(() => connects[Symbol.dispose]());

describe('addresses that are not public are refused before anything connects', () => {
  const literals: Readonly<Record<string, readonly string[]>> = {
    'this network': ['0.0.0.0', '0.1.2.3', '0.255.255.255'],
    'private use': ['10.0.0.0', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.1.1'],
    'shared address space': ['100.64.0.1', '100.127.255.254', '100.100.100.200'],
    loopback: ['127.0.0.1', '127.0.0.53', '127.255.255.255', '[::1]'],
    'link local': ['169.254.0.1', '169.254.169.254', '169.254.170.2', '[fe80::1]', '[febf::1]'],
    'protocol assignments': ['192.0.0.1', '192.0.0.8', '192.0.0.170', '192.0.0.192'],
    documentation: ['192.0.2.1', '198.51.100.7', '203.0.113.9', '[2001:db8::1]', '[3fff::1]'],
    'AS112 and AMT': ['192.31.196.1', '192.52.193.1', '192.175.48.1', '[2620:4f:8000::1]'],
    benchmarking: ['198.18.0.1', '198.19.255.255', '[2001:2::1]'],
    '6to4': ['192.88.99.1', '[2002:7f00:1::]', '[2002:a00:1::1]'],
    multicast: ['224.0.0.1', '239.255.255.250', '[ff02::1]'],
    'reserved and broadcast': ['240.0.0.1', '255.255.255.255'],
    unspecified: ['[::]', '0'],
    'IPv4 inside IPv6': [
      '[::ffff:127.0.0.1]',
      '[::ffff:a9fe:a9fe]',
      '[::ffff:8.8.8.8]',
      '[::127.0.0.1]',
      '[::ffff:0:7f00:1]',
      '[64:ff9b::7f00:1]',
      '[64:ff9b::808:808]',
      '[64:ff9b:1::1]',
    ],
    Teredo: ['[2001::1]', '[2001:0:4136:e378:8000:63bf:3fff:fdd2]'],
    'ORCHID, DRIP, AMT': ['[2001:10::1]', '[2001:20::1]', '[2001:30::1]', '[2001:3::1]'],
    'unique and site local': ['[fc00::1]', '[fd00:ec2::254]', '[fd20:ce::254]', '[fec0::1]'],
    'discard, dummy, SRv6, unallocated': ['[100::1]', '[100:0:0:1::1]', '[5f00::1]', '[4000::1]'],
    'the platform of Azure': ['168.63.129.16'],
  };

  test.each(
    Object.entries(literals).flatMap(([block, hosts]) => hosts.map((host) => [block, host])),
  )('%s: %s [holds egress.public_only]', async (_block, host) => {
    for (const url of [`http://${host}/`, `https://${host}/`, `http://${host}:8080/latest`]) {
      expect(await codeOf(ask(egressOf(), url)), url).toBe(refused);
    }
    expect(connects.seen).toEqual([]);
  });
});

/** Ways to write loopback that lead there: the second test really goes. */
const loopbackForms = [
  '127.0.0.1',
  '127.0.0.1.',
  '2130706433',
  '2130706433.',
  '0x7f000001',
  '0X7F.0x0.0x0.0x1',
  '017700000001',
  '0177.0.0.1',
  '00000177.0.0.01',
  '0x7f.1',
  '127.1',
  '127.0.1',
  '127.0x1',
  '%31%32%37.0.0.1',
  '127%2e0%2e0%2e1',
  '１２７.０.０.１',
  '127。0。0。1',
  '127．0．0．1',
  '①②⑦.⓪.⓪.①',
  '0x7F。１',
  '[0:0:0:0:0:0:0:1]',
  '[::0001]',
  'public.test@127.0.0.1',
  'public.test:80@127.0.0.1',
];

describe('ways to write an address', () => {
  test.each(loopbackForms)('%s is refused [holds egress.public_only]', async (host) => {
    const caught = await trap();
    const userinfo = host.includes('@');
    const code = await codeOf(ask(egressOf(), `http://${host}:${caught.port}/`));
    expect(code).toBe(userinfo ? invalid : refused);
    expect([connects.seen, caught.accepted]).toEqual([[], 0]);
  });

  test('each of them would have got there', async () => {
    const caught = await trap();
    for (const form of loopbackForms.filter((host) => !host.startsWith('['))) {
      const before = caught.requests.length;
      await new Promise((resolve, reject) => {
        const url = new URL(`http://${form}:${caught.port}/`);
        const asked = get(url, { agent: false }, (response) =>
          response.resume().on('end', resolve),
        );
        asked.on('error', reject);
      });
      expect(caught.requests.length, form).toBe(before + 1);
    }
    expect(connects.seen.length).toBeGreaterThan(20);
  });

  test.each([
    ['slashes of another kind', (port: number) => `http:\\\\127.0.0.1:${port}\\`],
    ['too many slashes', (port: number) => `http:////127.0.0.1:${port}/`],
    ['no slashes', (port: number) => `http:127.0.0.1:${port}/`],
    ['a tab and line ends inside', (port: number) => `ht\ntp://127.\t0.0.\r1:${port}/`],
    ['spaces around', (port: number) => `  http://127.0.0.1:${port}/  `],
    ['the scheme in capitals', (port: number) => `HTTP://127.0.0.1:${port}/`],
    [
      'a public name behind a back-slash',
      (port: number) => `http://127.0.0.1:${port}\\@public.test/`,
    ],
    ['a public name in the fragment', (port: number) => `http://127.0.0.1:${port}#@public.test/`],
    ['a public name in the query', (port: number) => `http://127.0.0.1:${port}?@public.test/`],
  ])('%s', async (_title, urlOf) => {
    const caught = await trap();
    expect(await codeOf(ask(egressOf(), urlOf(caught.port)))).toBe(refused);
    expect([connects.seen, caught.accepted]).toEqual([[], 0]);
  });

  test.each([
    'http://127.0.0.1@public.test/',
    'http://user:password@public.test/',
    'http://@127.0.0.1:x/',
    'http://256.1.1.1/',
    'http://1.2.3.4.5/',
    'http://0x100000000/',
    'http://127.0.0.0x100/',
    'http://127.0.0.09/',
    'http://public.test:65536/',
    'http://public.test:-1/',
    'http://[fe80::1%25lo]/',
    'http://[::1/',
    'http://[127.0.0.1]/',
    'http://public.test%00.evil.test/',
    'http://public test/',
    'http:///',
    '//public.test/',
    'public.test',
    '',
    'file:///etc/passwd',
    'gopher://127.0.0.1:6379/_INFO',
    'ftp://127.0.0.1/',
    'ws://127.0.0.1/',
    'data:text/plain,hello',
    'javascript:1',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/',
    'blob:http://127.0.0.1/x',
  ])('no URL to go to: %s', async (url) => {
    expect(await codeOf(ask(egressOf(), url))).toBe(invalid);
    expect(connects.seen).toEqual([]);
  });

  test.each([0, 1, 22, 25, 80, 443, 2375, 4000, 5432, 6379, 9200, 11211, 65535])(
    'no port of loopback is open: %i',
    async (port) => {
      expect(await codeOf(ask(egressOf(), `http://127.0.0.1:${port}/`))).toBe(refused);
      expect(connects.seen).toEqual([]);
    },
  );
});

describe('names', () => {
  test.each([
    ...Object.keys(names).filter((name) => name !== 'public.test'),
    'LOCALHOST',
    'LocalHost.',
    'ｌｏｃａｌｈｏｓｔ',
    'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ',
    '%6c%6fcalhost',
    'METADATA.google.internal',
  ])('%s leads nowhere [holds egress.public_only]', async (name) => {
    const caught = await trap();
    expect(await codeOf(ask(egressOf(), `http://${name}:${caught.port}/`))).toBe(refused);
    expect([connects.seen, caught.accepted]).toEqual([[], 0]);
  });

  test('the homographs are the names they look like', () => {
    for (const name of ['ｌｏｃａｌｈｏｓｔ', 'ⓛⓞⓒⓐⓛⓗⓞⓢⓣ'])
      expect(domainToASCII(name)).toBe('localhost');
  });

  test('a name that is not there has a code of its own', async () => {
    expect(await codeOf(ask(egressOf(), 'http://nowhere.test/'))).toBe('egress/connect_failed');
    expect(connects.seen).toEqual([]);
  });

  test.each([
    ['v4', v4(publicAddress), publicAddress],
    ['v6', v6(publicV6), publicV6],
  ])(
    'a public name is reached, at the address that was checked (%s)',
    async (_, found, address) => {
      const site = await listening((request, response) => response.end(request.headers.host));
      connects.lead(address, 80, site.port);
      const response = await ask(
        egressOf(async () => found),
        'http://public.test/',
      );
      expect(await textOf(response)).toBe('public.test');
      expect(connects.seen).toEqual([`${address}:80`]);
    },
  );
});
