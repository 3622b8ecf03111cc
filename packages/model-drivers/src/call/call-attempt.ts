import {
  type Clock,
  KheishError,
  type ModelDriver,
  type ModelRequest,
  type PromptPart,
  type StopReason,
  type Usage,
  startWatchdog,
} from '@kheish/core-model';
import type { CallPolicy } from './call-policy.ts';
import { soundUsage } from './sound-usage.ts';

/** A piece of what the model is saying. `offset` counts the UTF-16 units of its channel before it. */
export type CallDelta = { readonly attempt: number; readonly offset: number } & (
  | { readonly text: string }
  | { readonly reasoning: string }
);

export interface Answer {
  readonly parts: readonly PromptPart[];
  readonly stop_reason: StopReason;
  readonly usage?: Usage;
}

export interface Attempt {
  readonly driver: ModelDriver;
  readonly request: ModelRequest;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly policy: CallPolicy;
  readonly number: number;
  readonly onDelta: ((delta: CallDelta) => void) | undefined;
}

/** Tries once. Throws what the driver throws, `models/timeout`, or the signal's reason. */
export async function callAttempt(attempt: Attempt): Promise<Answer> {
  const { driver, request, clock, policy, number, onDelta } = attempt;
  const expired = new AbortController();
  const signal = AbortSignal.any([attempt.signal, expired.signal]);
  const watchdog = startWatchdog(
    clock,
    { idleMs: policy.inactivityMs, totalMs: policy.totalMs },
    (limit) => expired.abort(timeout(driver.name, limit, policy)),
  );
  const parts: PromptPart[] = [];
  let text = 0;
  let reasoning = 0;
  try {
    signal.throwIfAborted();
    for await (const event of driver.stream(request, signal)) {
      watchdog.touch();
      switch (event.type) {
        case 'text_delta':
          onDelta?.({ attempt: number, offset: text, text: event.text });
          text += event.text.length;
          break;
        case 'reasoning_delta':
          onDelta?.({ attempt: number, offset: reasoning, reasoning: event.text });
          reasoning += event.text.length;
          break;
        case 'part':
          parts.push(event.part);
          break;
        case 'alive':
          break;
        case 'done': {
          const usage = soundUsage(event.usage);
          return {
            parts,
            stop_reason: event.stop_reason,
            ...(usage !== undefined && { usage }),
          };
        }
      }
    }
  } finally {
    watchdog.stop();
  }
  throw new KheishError('models/stream_cut', 'The stream ended before the answer was complete.');
}

function timeout(driver: string, limit: 'idle' | 'total', policy: CallPolicy): KheishError {
  const passed =
    limit === 'idle'
      ? `was silent for ${policy.inactivityMs} ms`
      : `did not end within ${policy.totalMs} ms`;
  return new KheishError('models/timeout', `${driver} ${passed}.`);
}
