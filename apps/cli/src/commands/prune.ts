import type { PruneReport, PruneRequest } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { UsageError } from '../failure.ts';
import { duration } from '../input/token-end.ts';
import { clientOf, integer, printerOf } from '../invocation.ts';
import { type OfflineFlags, addOfflineOptions, offlineRoot } from './state-root.ts';

interface PruneFlags extends OfflineFlags {
  readonly olderThan?: number;
  readonly olderThanMs?: number;
  readonly sessionId?: string;
  readonly limit?: number;
  readonly dryRun?: true;
}

const notes = `
Ended and deleted sessions leave whole: runs, messages, tasks, texts and events. What they spent stays counted, and the
audit ledger stays as it is. Sessions that were not ended stay: kheish sessions end <session>.

Examples:
  kheish runs prune --older-than 90d --dry-run
  kheish runs prune --older-than 90d
`;

export function addPrune(runs: Command): void {
  addOfflineOptions(
    runs
      .command('prune')
      .description('let ended sessions leave the state root for good, with their runs')
      .option('--older-than <time>', 'without an event for so long: 90d, 12h, 30m', duration)
      .option('--older-than-ms <ms>', 'the same in milliseconds', integer(1))
      .option('--session-id <session>', 'only this one')
      .option('--limit <n>', 'at most so many sessions', integer(1))
      .option('--dry-run', 'tell what would leave'),
  )
    .addHelpText('after', notes)
    .action(async (flags: PruneFlags, command: Command) => {
      const prune = await pruner(flags, command);
      await printerOf(command).view(await pruneAll(prune, requestOf(flags), flags.limit));
    });
}

type Prune = (request: PruneRequest) => Promise<PruneReport>;

async function pruner(flags: PruneFlags, command: Command): Promise<Prune> {
  const stateRoot = offlineRoot(flags, command);
  if (stateRoot === undefined) {
    const { runs } = await clientOf(command);
    return (request) => runs.prune(request);
  }
  const { offlinePrune } = await import('@kheish/daemon');
  return (request) => offlinePrune({ stateRoot, request });
}

function requestOf({ olderThan, olderThanMs, sessionId, dryRun }: PruneFlags): PruneRequest {
  const older = olderThan ?? olderThanMs;
  if (older === undefined || (olderThan !== undefined && olderThanMs !== undefined)) {
    throw new UsageError('give either --older-than or --older-than-ms');
  }
  return {
    older_than_ms: older,
    ...(sessionId !== undefined && { session_id: sessionId }),
    ...(dryRun === true && { dry_run: true }),
  };
}

const MOST_AT_ONCE = 1_000;

/** As many requests as it takes. A dry run leaves all where it is, so it asks once. */
async function pruneAll(
  prune: Prune,
  request: PruneRequest,
  limit = Infinity,
): Promise<PruneReport> {
  const bound = request.dry_run === true ? 10_000 : MOST_AT_ONCE;
  let sum = await prune({ ...request, limit: Math.min(limit, bound) });
  while (sum.has_more && !sum.dry_run && sum.matched_session_count < limit) {
    const left = limit - sum.matched_session_count;
    const next = await prune({ ...request, limit: Math.min(left, bound) });
    sum = {
      ...next,
      matched_session_count: sum.matched_session_count + next.matched_session_count,
      matched_run_count: sum.matched_run_count + next.matched_run_count,
      matched_event_count: sum.matched_event_count + next.matched_event_count,
      session_ids: sum.session_ids,
    };
  }
  return sum;
}
