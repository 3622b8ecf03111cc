import {
  type Clock,
  KheishError,
  type ModelDriver,
  type ModelRequest,
  type RandomSource,
} from '@kheish/core-model';
import { type Answer, type CallDelta, callAttempt } from './call-attempt.ts';
import { type CallPolicy, backoffMs, defaultCallPolicy } from './call-policy.ts';

export interface ModelCall {
  readonly driver: ModelDriver;
  readonly request: ModelRequest;
  readonly clock: Clock;
  readonly random: RandomSource;
  /** Ends the call upstream; the call then rejects with its reason. */
  readonly signal: AbortSignal;
  readonly policy?: Partial<CallPolicy>;
  /** Called as each piece arrives; a higher attempt replaces what the lower ones said. */
  readonly onDelta?: (delta: CallDelta) => void;
}

export interface ModelAnswer extends Answer {
  /** Attempts made, the successful one included. */
  readonly attempts: number;
}

/**
 * One model call with its retries. A retryable error is tried again also when the model had begun to speak:
 * nothing of an unfinished answer is used.
 * Throws the last attempt's error (domain `models`), or the signal's reason.
 */
export async function callModel(call: ModelCall): Promise<ModelAnswer> {
  const { driver, request, clock, random, signal, onDelta } = call;
  const policy: CallPolicy = { ...defaultCallPolicy, ...call.policy };
  for (let number = 1; ; number += 1) {
    try {
      const answer = await callAttempt({ driver, request, clock, signal, policy, number, onDelta });
      return { ...answer, attempts: number };
    } catch (error) {
      signal.throwIfAborted();
      const again = error instanceof KheishError && error.retryable && number <= policy.retries;
      if (!again) throw error;
      await clock.sleep(backoffMs(policy, number, error.retryAfterMs, random), signal);
    }
  }
}
