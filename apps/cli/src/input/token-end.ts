import { InvalidArgumentError } from 'commander';
import { UsageError } from '../failure.ts';

const units = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

export interface TokenEnd {
  readonly expiresAt?: number;
  readonly expiresIn?: number;
}

/** `90d`, `12h`: milliseconds. */
export function duration(text: string): number {
  const [, count, unit] = /^([1-9]\d{0,5})([mhdw])$/.exec(text) ?? [];
  if (count === undefined) {
    throw new InvalidArgumentError('Give a number and a unit: 30m, 12h, 90d or 52w.');
  }
  return Number(count) * units[unit as keyof typeof units];
}

/** An ISO 8601 date or time with its zone, as Unix milliseconds. */
export function instant(text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (Number.isNaN(ms)) {
    throw new InvalidArgumentError('Give a date or a time with its zone: 2030-01-31T12:00:00Z.');
  }
  return ms;
}

/** As the API takes it. */
export function tokenEnd({ expiresAt, expiresIn }: TokenEnd) {
  if (expiresAt !== undefined && expiresIn !== undefined) {
    throw new UsageError('give either --expires-in or --expires-at');
  }
  return {
    ...(expiresAt !== undefined && { expires_at_ms: expiresAt }),
    ...(expiresIn !== undefined && { expires_in_ms: expiresIn }),
  };
}
