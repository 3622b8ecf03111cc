import { driverTraits, type RouteDriver } from './driver.ts';

/** Why a text is not a base URL, as the end of a sentence; undefined for a good one. */
export function baseUrlRefusal(text: string): string | undefined {
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\]/.test(text) || !URL.canParse(text)) {
    return 'an absolute http or https URL';
  }
  const authority = text.slice(text.indexOf('//') + 2).split(/[/?#]/, 1)[0] ?? '';
  if (authority.includes('@')) return 'a URL without user name and password';
  if (/[?#]/.test(text)) return 'a URL without query and fragment';
  return undefined;
}

/** The root that provider paths are appended to: no slash at its end, the bare official host completed. */
export function normalBaseUrl(text: string, driver: RouteDriver): string {
  const url = new URL(text);
  const official = driverTraits[driver].officialApi;
  if (official !== undefined && url.pathname === '/' && url.origin === new URL(official).origin) {
    return official;
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}
