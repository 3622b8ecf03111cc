import { KheishError } from '@kheish/core-model';

/** The tables of the ledger are not what was written: whoever reads them is told so, and what tells more. */
export function damaged(what: string): KheishError {
  return new KheishError(
    'storage/corrupt',
    `The audit ledger is damaged: ${what}. "kheish audit verify --offline --state-root DIR" tells more; a backup has what was.`,
  );
}
