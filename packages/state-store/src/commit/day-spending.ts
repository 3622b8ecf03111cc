import { type Spending, noSpending } from '@kheish/core-model';
import type { SpendingRow, Statements } from './statements.ts';

export function spendingOf(row: SpendingRow | undefined): Spending {
  if (row === undefined) return noSpending;
  return {
    spent: { tokens: row.spentTokens, usd_micros: row.spentUsdMicros },
    reserved: { tokens: row.reservedTokens, usd_micros: row.reservedUsdMicros },
  };
}

export function addToDay(
  statements: Statements,
  utcDay: string,
  { spent, reserved }: Spending,
): void {
  const { tokens, usd_micros } = reserved;
  statements.addToDay.run(utcDay, spent.tokens, spent.usd_micros, tokens, usd_micros);
}
