import * as v from 'valibot';

const price = v.pipe(v.number(), v.minValue(0), v.maxValue(1_000_000));

/** US dollars for a million tokens. */
export const Price = v.strictObject({
  input: price,
  output: price,
  /** Of input that the provider had in its cache; absent: as other input. */
  cached_input: v.optional(price),
});
export type Price = v.InferOutput<typeof Price>;

/** Tokens, and millionths of a US dollar. */
export const Amount = v.strictObject({ tokens: v.number(), usd_micros: v.number() });
export type Amount = v.InferOutput<typeof Amount>;

export const nothing: Amount = { tokens: 0, usd_micros: 0 };

function plus(left: Amount, right: Amount): Amount {
  return {
    tokens: left.tokens + right.tokens,
    usd_micros: left.usd_micros + right.usd_micros,
  };
}

export function minus(left: Amount, right: Amount): Amount {
  return {
    tokens: left.tokens - right.tokens,
    usd_micros: left.usd_micros - right.usd_micros,
  };
}

/** What a call may cost at most, put aside before it is made. */
export const Reservation = v.strictObject({
  /** The day on whose budget it is, in UTC: `2026-01-31`. */
  utc_day: v.string(),
  input_tokens: v.number(),
  output_tokens: v.number(),
  /** 0 where the model has no price. */
  usd_micros: v.number(),
});
export type Reservation = v.InferOutput<typeof Reservation>;

export function reserved({ input_tokens, output_tokens, usd_micros }: Reservation): Amount {
  return { tokens: input_tokens + output_tokens, usd_micros };
}

/** What was spent, and what is put aside for calls under way. */
export interface Spending {
  readonly spent: Amount;
  readonly reserved: Amount;
}

export const noSpending: Spending = { spent: nothing, reserved: nothing };

export function addSpending(left: Spending, right: Spending): Spending {
  return {
    spent: plus(left.spent, right.spent),
    reserved: plus(left.reserved, right.reserved),
  };
}

/** Whose spending a budget bounds. */
export const BudgetKey = v.picklist(['run', 'session', 'day']);
export type BudgetKey = v.InferOutput<typeof BudgetKey>;

/** The UTC day of a time in Unix milliseconds. */
export function utcDayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
