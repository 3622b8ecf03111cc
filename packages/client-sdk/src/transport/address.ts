import { KheishError, type OperationId, operations } from '@kheish/core-model';

/** `http://host:port/prefix` without the trailing slash; throws `config/invalid_configuration`. */
export function normalizeBaseUrl(baseUrl: string): string {
  const url = /^https?:\/\//i.test(baseUrl) && URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (url === undefined) {
    throw new KheishError(
      'config/invalid_configuration',
      `the daemon's address "${baseUrl}" is not an http or https URL`,
    );
  }
  let path = url.pathname;
  while (path.endsWith('/')) path = path.slice(0, -1);
  return url.origin + path;
}

/**
 * One path segment with only `A-Za-z0-9-_~` left bare. `.` and `..` have no form that a URL parser
 * leaves alone (WHATWG URL, "double-dot URL path segment"), so they are refused.
 */
export function encodeSegment(name: string, value: string): string {
  if (value === '' || value === '.' || value === '..' || !value.isWellFormed()) {
    throw new KheishError('api/bad_request', `"${value}" cannot be a ${name}`);
  }
  return encodeURIComponent(value).replace(
    /[.!*'()]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Path and query of an operation. */
export function addressOf(
  id: OperationId,
  path: Readonly<Record<string, string>>,
  query: Readonly<Record<string, string | undefined>>,
): string {
  const filled = operations[id].path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeSegment(name, path[name] ?? ''),
  );
  const given = Object.entries(query).filter((entry) => entry[1] !== undefined);
  const search = new URLSearchParams(given as [string, string][]).toString();
  return search === '' ? filled : `${filled}?${search}`;
}
