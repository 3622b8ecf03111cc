import { KheishError } from '@kheish/core-model';
import type { Statements } from './statements.ts';

/** The backup that a root was made of. */
export interface RestoredFrom {
  readonly backup_id: string;
  readonly head_seq: number;
}

/** Events that a root may write before it is restored. */
const SPAN = 1_000_000_000;

/** Where nothing was committed since the root was restored: from what. */
export function justRestored(head: number, statements: Statements): RestoredFrom | undefined {
  const fact = statements.restoredFrom.get()?.value;
  if (fact === undefined) return undefined;
  const { backup_id, head_seq } = JSON.parse(fact) as RestoredFrom;
  if (head < head_seq) throw new KheishError('storage/corrupt', 'Restored events are missing.');
  return head === head_seq ? { backup_id, head_seq } : undefined;
}

/**
 * The number of the next event. After a restore it begins anew, far beyond: events that came after the backup on the
 * root it was made of have been seen under the numbers in between, and a cursor at one of them must miss nothing here.
 */
export function seqAfter(head: number, statements: Statements): number {
  if (justRestored(head, statements) === undefined) return head + 1;
  return (Math.floor(head / SPAN) + 1) * SPAN + 1;
}
