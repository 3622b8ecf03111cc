import { type Clock, KheishError } from '@kheish/core-model';
import type { LedgerRow } from '@kheish/state-store';
import type { LedgerReads } from '../checkpoint/kept-tree.ts';

const PAGE = 1_000;

/** All entries of a chain, in order. */
export function* chainEntries(
  ledger: Pick<LedgerReads, 'entriesOf'>,
  chain: string,
): Generator<LedgerRow> {
  for (let after = -1; ;) {
    const page = ledger.entriesOf(chain, { after, limit: PAGE });
    yield* page;
    if (page.length < PAGE) return;
    after = (page.at(-1) as LedgerRow).index;
  }
}

/** The place of the last entry of an action, looked for from the newest on. Throws `audit/entry_not_found`. */
export async function findAction(
  ledger: Pick<LedgerReads, 'head' | 'entries'>,
  actionId: string,
  clock: Clock,
): Promise<number> {
  // Sorted names: the id is the first.
  const start = `{"action_id":${JSON.stringify(actionId)},`;
  for (let to = ledger.head().size; to > 0; to -= PAGE) {
    const from = Math.max(0, to - PAGE);
    const row = ledger
      .entries({ from, limit: to - from })
      .findLast(({ body }) => body.startsWith(start));
    if (row !== undefined) return row.index;
    // A turn for others.
    await clock.sleep(0);
  }
  throw new KheishError('audit/entry_not_found', `The audit has no action "${actionId}".`);
}
