import { KheishError } from '@kheish/core-model';

/** The official root of a protocol's paths; absent where there is none. */
export type OfficialRoot = string | undefined;

/**
 * The root that provider paths are appended to, without a slash at its end. The official host written
 * without a path is completed with its version segment; any other root stands as it was written.
 * Throws `config/invalid_configuration`.
 */
export function completeBaseUrl(configured: string | undefined, official: OfficialRoot): string {
  if (configured === undefined) {
    if (official !== undefined) return official;
    throw new KheishError('config/invalid_configuration', 'This driver needs a base_url.');
  }
  const url = URL.parse(configured);
  if (url === null) {
    throw new KheishError('config/invalid_configuration', 'The base_url is not a URL.');
  }
  const root = `${url.origin}${url.pathname}`.replace(/\/+$/, '');
  return official !== undefined && root === new URL(official).origin ? official : root;
}
