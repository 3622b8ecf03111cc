import type { AuthFailure } from '@kheish/core-model';
import type { Statements } from './statements.ts';

/** So many notes are kept: about 3 MB. */
const KEPT = 10_000;

export function noteAuthFailures(statements: Statements, failures: readonly AuthFailure[]): void {
  if (failures.length === 0) return;
  for (const failure of failures) statements.noteAuthFailure.run(JSON.stringify(failure));
  statements.pruneAuthFailures.run(KEPT);
}
