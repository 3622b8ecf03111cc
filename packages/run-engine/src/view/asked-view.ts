import type {
  ApprovalRequestView,
  PendingApprovalView,
  PendingQuestionView,
  RunState,
} from '@kheish/core-model';
import type { ListedRun, Store } from '@kheish/state-store';

/** A request in the order of lists: by its run, then by its id. */
export interface AskedPlace {
  readonly position: number;
  readonly requestId: string;
}

type Asked<View> = AskedPlace & { readonly view: View };

interface Scope {
  readonly after?: AskedPlace;
  readonly limit: number;
  readonly sessionId?: string;
}

/** Approvals that are open, with the arguments of their calls. */
export function pendingApprovals(store: Store, scope: Scope): Asked<PendingApprovalView>[] {
  return pending(store, scope, (run) =>
    approvalViews(store, run).map((request) => ({ ...idsOf(run), request })),
  );
}

/** What a run asks for, with the arguments of its calls. */
export function approvalViews(store: Store, run: RunState): ApprovalRequestView[] {
  return run.approvals.map((request) => {
    if (request.kind !== 'tool') return request;
    const input = store.read.toolCall(run.session_id, request.tool_call_id)?.input;
    return input === undefined ? request : { ...request, input };
  });
}

/** Questions that are open. */
export function pendingQuestions(store: Store, scope: Scope): Asked<PendingQuestionView>[] {
  return pending(store, scope, (run) =>
    run.questions.map((request) => ({ ...idsOf(run), run_kind: run.kind, request })),
  );
}

function idsOf({ session_id, agent_id, run_id }: RunState) {
  return { session_id, agent_id, run_id };
}

/** Up to `limit + 1`: the one too many says that there is more. */
function pending<View extends { readonly request: { readonly id: string } }>(
  store: Store,
  { after, limit, sessionId }: Scope,
  viewsOf: (run: RunState) => View[],
): Asked<View>[] {
  const found: Asked<View>[] = [];
  for (let from = (after?.position ?? 1) - 1; found.length <= limit;) {
    const page = store.read.askingRuns({ after: from, limit: 100 });
    for (const row of page) {
      if (sessionId !== undefined && row.run.session_id !== sessionId) continue;
      found.push(...placed(row, viewsOf(row.run), after));
    }
    const last = page.at(-1);
    if (last === undefined) break;
    from = last.position;
  }
  return found.slice(0, limit + 1);
}

function placed<View extends { readonly request: { readonly id: string } }>(
  { position }: ListedRun,
  views: readonly View[],
  after: AskedPlace | undefined,
): Asked<View>[] {
  return views
    .map((view) => ({ position, requestId: view.request.id, view }))
    .filter(({ requestId }) => position !== after?.position || requestId > after.requestId)
    .toSorted((a, b) => (a.requestId < b.requestId ? -1 : 1));
}
