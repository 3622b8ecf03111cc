import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');
/** Allocated as public, and on every Azure machine the way to the platform's own service. */
const AZURE_PLATFORM = '168.63.129.16';

/**
 * Whether an address is globally routable unicast: in no entry of the IANA special-purpose registries (RFC 6890),
 * whatever the entry allows; an IPv4 address in the clothes of IPv6 is such an entry. `undefined` when the text is not
 * an address.
 */
export function isPublicAddress(text: string): boolean | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.parse(text);
  if (address.range() !== 'unicast' || address.toString() === AZURE_PLATFORM) return false;
  // What IANA has not allocated as global unicast is nobody's public service (RFC 4291 section 2.4).
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}
