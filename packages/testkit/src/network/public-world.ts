import type { LookupAddress } from 'node:dns';
import { type Listening, listening } from './listening.ts';

export const publicAddress = '93.184.215.14';

export const v4 = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: 4 }));
export const v6 = (...addresses: string[]): LookupAddress[] =>
  addresses.map((address) => ({ address, family: 6 }));

/** Names of a world of its own: `public.test` leads to `publicAddress`, all others where nobody may go. */
export const names: Readonly<Record<string, readonly LookupAddress[]>> = {
  'public.test': v4(publicAddress),
  localhost: [...v6('::1'), ...v4('127.0.0.1')],
  'localhost.': v4('127.0.0.1'),
  'app.localhost': v4('127.0.0.1'),
  'metadata.google.internal': v4('169.254.169.254'),
  'instance-data': v4('169.254.169.254'),
  '127.0.0.1.wildcard.test': v4('127.0.0.1'),
  'intranet.test': v4('10.1.2.3'),
  'cgnat.test': v4('100.64.0.7'),
  'six.test': v6('fd00:ec2::254'),
  'mapped.test': v6('::ffff:127.0.0.1'),
  'nat64.test': v6('64:ff9b::7f00:1'),
  'zone.test': v6('fe80::1%lo'),
  'mixed-last.test': v4(publicAddress, '127.0.0.1'),
  'mixed-first.test': v4('192.168.0.1', publicAddress),
  'mixed-families.test': [...v4(publicAddress), ...v6('::1')],
  'empty.test': [],
  'garbage.test': v4('not an address'),
  'blank.test': v4(''),
};

/** How that world's names become addresses, as `getaddrinfo` would answer. */
export async function resolveNames(host: string): Promise<readonly LookupAddress[]> {
  const found = names[host];
  if (found !== undefined) return found;
  throw Object.assign(new Error(`getaddrinfo ENOTFOUND ${host}`), { code: 'ENOTFOUND' });
}

/** A server on every loopback address: whoever gets through is seen. */
export async function trap(): Promise<Listening> {
  const everywhere = await listening((_request, response) => response.end('caught'), {
    host: '0.0.0.0',
  });
  await listening((_request, response) => response.end('caught'), {
    host: '::1',
    port: everywhere.port,
  }).catch(() => undefined);
  return everywhere;
}
