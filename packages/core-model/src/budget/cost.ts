import * as v from 'valibot';
import type { Usage } from '../message/message.ts';
import type { Price } from './budget.ts';

/** Millionths of a US dollar, rounded up. Dollars for a million tokens are millionths of a dollar for one. */
export function costOf(usage: Usage, price: Price): number {
  const cached = Math.min(usage.cached_input_tokens ?? 0, usage.input_tokens);
  const input = (usage.input_tokens - cached) * price.input;
  const again = cached * (price.cached_input ?? price.input);
  return Math.ceil(input + again + usage.output_tokens * price.output);
}

/** What model calls cost. Where some have no price, the money is only a part of it. */
export const Cost = v.strictObject({ usd_micros: v.number(), unpriced_calls: v.number() });
export type Cost = v.InferOutput<typeof Cost>;

/** The cost with one more call; undefined `usdMicros`: its model has no price. */
export function addCost(cost: Cost | undefined, usdMicros: number | undefined): Cost {
  return {
    usd_micros: (cost?.usd_micros ?? 0) + (usdMicros ?? 0),
    unpriced_calls: (cost?.unpriced_calls ?? 0) + (usdMicros === undefined ? 1 : 0),
  };
}
