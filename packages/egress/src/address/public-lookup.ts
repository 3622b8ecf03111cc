import type { LookupAddress } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { KheishError } from '@kheish/core-model';
import { isPublicAddress } from './public-address.ts';

/** All addresses of a host. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

export const systemResolve: Resolve = async (host) => {
  const { lookup } = await import('node:dns/promises');
  return lookup(host, { all: true });
};

/**
 * A resolver for the moment of connecting: the socket gets the very addresses that were checked, so a name
 * that answers differently a second time gains nothing. One address that is not public refuses the name.
 */
export function publicLookup(resolve: Resolve): LookupFunction {
  return (host, options, answer) => {
    resolve(host).then(
      (addresses) => {
        const [first] = addresses;
        const refused = addresses.find(({ address }) => isPublicAddress(address) !== true);
        if (first === undefined || refused !== undefined) {
          const why =
            first === undefined ? 'has no address' : 'leads to an address that is not public';
          answer(new KheishError('egress/destination_refused', `${host} ${why}.`), '');
        } else if (options.all === true) {
          answer(null, [...addresses]);
        } else {
          answer(null, first.address, first.family);
        }
      },
      (error: NodeJS.ErrnoException) => answer(error, ''),
    );
  };
}
