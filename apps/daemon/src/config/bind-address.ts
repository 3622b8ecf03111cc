import { KheishError } from '@kheish/core-model';

/** `127.0.0.1:4000`, `[::1]:0`, `localhost:4000`. */
export function parseBind(text: string): { host: string; port: number } {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^:\s[\]]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (match?.[1] === undefined || port > 65_535) {
    throw new KheishError(
      'config/invalid_configuration',
      `--bind "${text}" is not host:port, for example 127.0.0.1:4000.`,
    );
  }
  return { host: match[1], port };
}
