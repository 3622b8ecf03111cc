import type { Clock } from '@kheish/core-model';
import { platformClock } from '../platform.ts';

/** Real time whose pauses are a fiftieth, for tests with many reconnects. */
export const hastyClock: Clock = {
  ...platformClock,
  sleep: (ms, signal) => platformClock.sleep(ms / 50, signal),
};
