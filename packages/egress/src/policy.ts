import { KheishError } from '@kheish/core-model';
import { isPublicAddress } from './address/public-address.ts';

/**
 * Where a request may go.
 * `operator_origin`: exactly the one origin that the operator wrote, private or not, redirects included.
 * `public`: a URL chosen by an agent or a payload; only globally routable addresses, checked on every hop.
 */
export type EgressPolicy =
  | { readonly kind: 'operator_origin'; readonly origin: string }
  | { readonly kind: 'public' };

/** The URL of one hop. Throws `egress/invalid_url` or `egress/destination_refused`. */
export function admitUrl(policy: EgressPolicy, text: string, base?: URL): URL {
  const url = URL.parse(text, base?.href);
  if (url === null) throw new KheishError('egress/invalid_url', 'The URL is not valid.');
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new KheishError(
      'egress/invalid_url',
      `The scheme "${url.protocol}" is not http or https.`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    throw new KheishError('egress/invalid_url', 'The URL carries credentials.');
  }
  if (policy.kind === 'operator_origin') {
    if (url.origin !== new URL(policy.origin).origin) {
      throw new KheishError(
        'egress/destination_refused',
        `${url.origin} is not the configured origin ${policy.origin}.`,
      );
    }
    return url;
  }
  // A connection to an IP literal never asks the resolver, so it is judged here.
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isPublicAddress(literal) === false) {
    throw new KheishError('egress/destination_refused', `${literal} is not a public address.`);
  }
  return url;
}
