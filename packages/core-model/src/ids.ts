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
  | 'question'
  | 'task'
  | 'token'
  | 'backup'
  | 'lease';
export type NewId = (prefix: IdPrefix) => string;

/**
 * Makes ids of a prefix and a UUIDv7 (RFC 9562 section 5.7): unique, and each greater than those made before it, also
 * within a millisecond (section 6.2, method 1) and where the clock is set back.
 */
export function idFactory(clock: Clock, random: RandomSource): NewId {
  let msecs = -1;
  let seq = 0;
  return (prefix) => {
    const now = clock.now();
    const chance = random.bytes(16);
    if (now > msecs) {
      msecs = now;
      // The highest bit is left free, so that no millisecond has too many.
      seq = new DataView(chance.buffer, chance.byteOffset).getUint32(6) & 0x7f_ff_ff_ff;
    } else seq += 1;
    return `${prefix}_${v7({ msecs, seq, random: chance })}`;
  };
}
