import { v7 } from 'uuid';
import type { Clock, RandomSource } from './clock.ts';

export type IdPrefix =
  | 'run'
  | 'session'
  | 'agent'
  | 'action'
  | 'root'
  | 'call'
  | 'approval'
  | 'question';
export type NewId = (prefix: IdPrefix) => string;

/** Makes ids of a prefix and a UUIDv7 (RFC 9562 section 5.7): unique, and ordered by time of creation. */
export function idFactory(clock: Clock, random: RandomSource): NewId {
  return (prefix) => `${prefix}_${v7({ msecs: clock.now(), random: random.bytes(16) })}`;
}
