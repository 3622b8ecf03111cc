import type { Replayed } from '@kheish/http-api';
import type { Answered } from '@kheish/run-engine';

/** What the engine answered, or what it answered the first time. */
export function answered<T>(answer: Answered<T>): T | Replayed {
  return 'replayed' in answer ? { replayed: answer.replayed } : answer.result;
}
