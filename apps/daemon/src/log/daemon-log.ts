import type { Redactor } from '@kheish/auth-store';
import { pino } from 'pino';
import type { DaemonLog } from '../lifecycle/daemon-options.ts';

export interface LogOptions {
  readonly format: 'auto' | 'pretty' | 'json';
  readonly level: string;
  readonly redactor: Redactor;
}

/** Log lines on standard error, without any secret that the daemon knows. */
export async function createLog(options: LogOptions): Promise<DaemonLog> {
  const { format, level, redactor } = options;
  const pretty = format === 'pretty' || (format === 'auto' && process.stderr.isTTY);
  const render = pretty ? await prettyRenderer() : (line: string) => line;
  const write = (line: string) => process.stderr.write(redactor.redact(render(line)));
  const log = pino({ level, base: null }, { write });
  return {
    info: (facts, message) => log.info(facts, message),
    warn: (facts, message) => log.warn(facts, message),
    error: (facts, message) => log.error(facts, message),
  };
}

async function prettyRenderer(): Promise<(line: string) => string> {
  const { prettyFactory } = await import('pino-pretty');
  const render = prettyFactory({ colorize: process.stderr.isTTY });
  return (line) => render(line) ?? line;
}
