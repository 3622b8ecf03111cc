import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admitUrl } from '../policy.ts';
import { isPublicAddress } from './public-address.ts';

/**
 * What is not public, written from the IANA registries: IPv4 and IPv6 Special-Purpose Addresses, IPv4 Multicast,
 * IPv6 Address Space. An entry counts as a whole, also where single addresses in it are globally reachable.
 */
const specialV4 = [
  '0.0.0.0/8', // this network
  '10.0.0.0/8', // private use
  '100.64.0.0/10', // shared address space
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link local
  '172.16.0.0/12', // private use
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation 1
  '192.31.196.0/24', // AS112
  '192.52.193.0/24', // AMT
  '192.88.99.0/24', // 6to4 relay, deprecated
  '192.168.0.0/16', // private use
  '192.175.48.0/24', // AS112, direct delegation
  '198.18.0.0/15', // benchmarking
  '198.51.100.0/24', // documentation 2
  '203.0.113.0/24', // documentation 3
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, limited broadcast at its end
  '168.63.129.16/32', // in no registry: the platform of Azure
] as const;

/** Of 2000::/3. All else of IPv6 is not global unicast: ::/8, 64:ff9b::/96, 100::/64, 5f00::/16, fc00::/7, fe80::/10, ff00::/8. */
const specialV6 = [
  '2001::/23', // protocol assignments: Teredo, benchmarking, AMT, AS112, ORCHID, DRIP
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4
  '2620:4f:8000::/48', // AS112, direct delegation
  '3fff::/20', // documentation
] as const;

function v4Bits(text: string): bigint {
  return text.split('.').reduce((bits, octet) => (bits << 8n) | BigInt(octet), 0n);
}

/** A prefix like `2001:db8::`, without anything behind the two colons. */
function v6Bits(prefix: string): bigint {
  const groups = prefix.replace(/::$/, '').split(':');
  return Array.from({ length: 8 }, (_, index) => BigInt(`0x${groups[index] || '0'}`)).reduce(
    (bits, group) => (bits << 16n) | group,
    0n,
  );
}

interface Block {
  readonly first: bigint;
  readonly last: bigint;
}

function blockOf(cidr: string, width: bigint, bitsOf: (text: string) => bigint): Block {
  const [prefix = '', length = ''] = cidr.split('/');
  const first = bitsOf(prefix);
  return { first, last: first | ((1n << (width - BigInt(length))) - 1n) };
}

const blocksV4 = specialV4.map((cidr) => blockOf(cidr, 32n, v4Bits));
const blocksV6 = specialV6.map((cidr) => blockOf(cidr, 128n, v6Bits));
const within = (blocks: readonly Block[], bits: bigint) =>
  blocks.some(({ first, last }) => bits >= first && bits <= last);

function v4Text(bits: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => (bits >> shift) & 255n).join('.');
}

function v6Text(bits: bigint): string {
  return Array.from({ length: 8 }, (_, index) =>
    ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16),
  ).join(':');
}

const isPublicV4 = (bits: bigint) => !within(blocksV4, bits);
const isPublicV6 = (bits: bigint) => bits >> 125n === 1n && !within(blocksV6, bits);

/** One number of an IPv4 address, as a URL may write it. */
const part = (value: bigint, radix: number) =>
  `${radix === 16 ? '0x' : radix === 8 ? '0' : ''}${value.toString(radix)}`;

/** Any address, and those around the edges of each block. */
function addresses(width: bigint, blocks: readonly Block[]): fc.Arbitrary<bigint> {
  const max = (1n << width) - 1n;
  const edges = blocks.flatMap(({ first, last }) => [first - 1n, first, last, last + 1n]);
  const inside = fc
    .constantFrom(...blocks)
    .chain(({ first, last }) => fc.bigInt({ min: first, max: last }));
  return fc.oneof(
    fc.bigInt({ min: 0n, max }),
    fc.constantFrom(...edges.filter((bits) => bits >= 0n && bits <= max)),
    inside,
  );
}

describe('an address is public if and only if the table of the registries does not have it', () => {
  test('at both edges of every block', () => {
    for (const { first, last } of blocksV4) {
      for (const bits of [first - 1n, first, last, last + 1n]) {
        if (bits < 0n || bits >> 32n !== 0n) continue;
        expect(isPublicAddress(v4Text(bits)), v4Text(bits)).toBe(isPublicV4(bits));
      }
    }
    for (const { first, last } of blocksV6) {
      for (const bits of [first - 1n, first, last, last + 1n]) {
        expect(isPublicAddress(v6Text(bits)), v6Text(bits)).toBe(isPublicV6(bits));
      }
    }
  });

  test('IPv4', () => {
    fc.assert(
      fc.property(addresses(32n, blocksV4), (bits) => {
        expect(isPublicAddress(v4Text(bits))).toBe(isPublicV4(bits));
      }),
      { numRuns: 5_000 },
    );
  });

  test('IPv6', () => {
    const outside = ['::', '64:ff9b::', '100::', '4000::', '5f00::', 'fc00::', 'fe80::', 'ff00::'];
    const blocks = [...blocksV6, ...outside.map((prefix) => blockOf(`${prefix}/16`, 128n, v6Bits))];
    const global = fc.bigInt({ min: 1n << 125n, max: (1n << 126n) - 1n });
    fc.assert(
      fc.property(fc.oneof(addresses(128n, blocks), global), (bits) => {
        expect(isPublicAddress(v6Text(bits))).toBe(isPublicV6(bits));
      }),
      { numRuns: 5_000 },
    );
  });

  test('in every notation that a URL may use', () => {
    fc.assert(
      fc.property(
        addresses(32n, blocksV4),
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.constantFrom(8, 10, 16), { minLength: 4, maxLength: 4 }),
        fc.constantFrom('', '.'),
        (bits, parts, radixes, end) => {
          // The last part takes the bits that are left: 127.1 is 127.0.0.1.
          const octets = Array.from(
            { length: parts - 1 },
            (_, at) => (bits >> BigInt(24 - 8 * at)) & 255n,
          );
          const rest = bits & ((1n << BigInt(32 - 8 * (parts - 1))) - 1n);
          const text = [...octets, rest]
            .map((value, at) => part(value, radixes[at] ?? 10))
            .join('.');
          const go = () => admitUrl({ kind: 'public' }, `http://${text}${end}/`).hostname;
          if (isPublicV4(bits)) expect(go()).toBe(v4Text(bits));
          else expect(go).toThrow(expect.objectContaining({ code: 'egress/destination_refused' }));
        },
      ),
      { numRuns: 3_000 },
    );
  });

  test('IPv4 in the clothes of IPv6 is never public', () => {
    const shapes = [
      (v4: string) => `::ffff:${v4}`,
      (v4: string) => `::${v4}`,
      (v4: string) => `::ffff:0:${v4}`,
      (v4: string) => `64:ff9b::${v4}`,
    ];
    fc.assert(
      fc.property(addresses(32n, blocksV4), fc.constantFrom(...shapes), (bits, shape) => {
        expect(isPublicAddress(shape(v4Text(bits)))).toBe(false);
      }),
    );
  });
});

test.each(['1.1.1.1', '93.184.215.14', '2606:4700:4700::1111', '2001:4860:4860::8888'])(
  'accepts %s',
  (address) => expect(isPublicAddress(address)).toBe(true),
);

test('says nothing of a name', () => expect(isPublicAddress('example.com')).toBeUndefined());
