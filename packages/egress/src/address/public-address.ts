import ipaddr from 'ipaddr.js';

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3');

/**
 * Whether an address is globally routable unicast: in none of the ranges of the IANA special-purpose
 * registries (RFC 6890). `undefined` when the text is not an address.
 */
export function isPublicAddress(text: string): boolean | undefined {
  if (!ipaddr.isValid(text)) return undefined;
  const address = ipaddr.process(text);
  if (address.range() !== 'unicast') return false;
  // What IANA has not allocated as global unicast is nobody's public service (RFC 4291 section 2.4).
  return address.kind() === 'ipv4' || (address as ipaddr.IPv6).match(GLOBAL_UNICAST);
}
