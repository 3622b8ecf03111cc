import { KheishError } from '@kheish/core-model';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Origins of pages on this machine, each exactly as browsers send it. Throws `config/invalid_configuration` for anything
 * else: a page of another machine calls through a proxy that is its own origin, or not at all.
 */
export function checkCorsOrigins(origins: readonly string[]): void {
  for (const origin of origins) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined;
    const isExact =
      url !== undefined &&
      /^https?:$/.test(url.protocol) &&
      url.origin === origin &&
      loopbackNames.has(url.hostname);
    if (!isExact) {
      throw new KheishError(
        'config/invalid_configuration',
        `--http-cors-allow-origin ${JSON.stringify(origin)} is not the exact origin of a page on this machine, for example http://localhost:5173.`,
      );
    }
  }
}
