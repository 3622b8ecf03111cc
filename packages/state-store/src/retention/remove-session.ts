import type { EventOf } from '@kheish/core-model';
import type { Statements } from '../commit/statements.ts';

/** Takes all that a session has in the journal and the tables. Its files in `assets/` are swept when it is on disk. */
export function removeSessions(
  statements: Statements,
  { session_ids: ids, floor }: EventOf<'sessions_pruned'>,
): void {
  for (const id of ids) {
    for (const kind of ['session', 'run', 'task'] as const) {
      for (const { status, n } of statements.statusesOf[kind].all(id)) {
        statements.addToTally.run(kind, status, -n);
      }
    }
    for (const statement of statements.removals) statement.run(id);
  }
  statements.putFloor.run(String(floor));
}
