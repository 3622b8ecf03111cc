import { recordOf } from '@kheish/audit-ledger';
import type { Handlers } from '@kheish/http-api';
import {
  type Engine,
  existingSession,
  fullRunView,
  listedRunView,
  runNotFound,
} from '@kheish/run-engine';
import type { LedgerRow, Store } from '@kheish/state-store';
import { answered } from './answered.ts';
import { numberedPageRequest, page } from './page-request.ts';
import { secondLook } from './second-look.ts';
import { eventPage } from './session-handlers.ts';

type RunOperation =
  | 'listRuns'
  | 'getRun'
  | 'cancelRun'
  | 'listRunEvents'
  | 'listExternalActions'
  | 'pruneRuns';

export function runHandlers(store: Store, engine: Engine): Pick<Handlers, RunOperation> {
  const known = (runId: string) => {
    const run = store.read.run(runId);
    if (run === undefined) throw runNotFound(runId);
    return run;
  };
  return {
    pruneRuns: ({ body }) => store.prune(body),
    listRuns: ({ query }) => {
      const { limit, after } = numberedPageRequest(query);
      const { order = 'asc', session_id: sessionId } = query;
      if (sessionId !== undefined) existingSession(store.read.session(sessionId), sessionId);
      const rows = store.read.runs({
        limit: limit + 1,
        order,
        ...(after !== undefined && { after }),
        ...(sessionId !== undefined && { sessionId }),
      });
      return page(
        rows,
        limit,
        `submitted_${order}`,
        (row) => String(row.position),
        (shown) => shown.map(({ run }) => listedRunView(store, run)),
      );
    },
    getRun: ({ path }) => secondLook(() => fullRunView(store, known(path.run_id))),
    cancelRun: async ({ path, idempotency }) =>
      answered(await engine.cancelRun(path.run_id, idempotency)),
    listRunEvents: ({ path, query }) => {
      known(path.run_id);
      return eventPage(store, query, { runId: path.run_id });
    },
    listExternalActions: ({ path: { run_id: runId }, query }) => {
      known(runId);
      const { limit, after } = numberedPageRequest(query);
      const { ledger } = store;
      const rows = ledger.entriesOf(runId, {
        limit: limit + 1,
        ...(after !== undefined && { after }),
      });
      return page(rows, limit, 'log_index_asc', placeOf, (shown) =>
        shown.map(({ index }) => recordOf(ledger.group(index), index)),
      );
    },
  };
}

const placeOf = ({ index }: LedgerRow) => String(index);
