import type { Usage } from '@kheish/core-model';

/** No call has more; sums of very many calls stay exact. */
const MOST_TOKENS = 1_000_000_000;

/** What a provider counted, where these are counts. Others would be taken off, or spoil what they are added to. */
export function soundUsage(usage: Usage | undefined): Usage | undefined {
  const counts: unknown[] = Object.values(usage ?? {});
  return counts.every(isCount) ? usage : undefined;
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MOST_TOKENS;
}
