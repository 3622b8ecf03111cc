import type { PendingApprovalView } from '@kheish/core-model';
import { type Handlers, identityOf } from '@kheish/http-api';
import {
  type AskedPlace,
  existingSession,
  pendingApprovals,
  pendingQuestions,
  runsCommands,
} from '@kheish/run-engine';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';
import { answered } from './answered.ts';
import { invalidCursor, page, pageRequest } from './page-request.ts';

type AskedOperation =
  | 'listApprovals'
  | 'resolveApprovals'
  | 'listQuestions'
  | 'resolveQuestion'
  | 'cancelQuestion';

const keyOf = ({ position, requestId }: AskedPlace) => `${position}:${requestId}`;
const order = 'submitted_asc,request_id_asc';

/** What runs ask their operator, and the answers. */
export function askedHandlers({
  store,
  engine,
  processes,
}: DaemonParts): Pick<Handlers, AskedOperation> {
  const scope = (query: { limit?: string; cursor?: string; session_id?: string }) => {
    const { limit, after } = pageRequest(query);
    const { session_id: sessionId } = query;
    if (sessionId !== undefined) existingSession(store.read.session(sessionId), sessionId);
    return {
      limit,
      ...(after !== undefined && { after: placeOf(after) }),
      ...(sessionId !== undefined && { sessionId }),
    };
  };
  return {
    listApprovals: async ({ query }) => {
      const sandbox = await processes.sandbox();
      const asked = scope(query);
      const rows = pendingApprovals(store, asked);
      return page(rows, asked.limit, order, keyOf, (shown) =>
        shown.map(({ view }) => (asksForCommand(view) ? { ...view, sandbox } : view)),
      );
    },
    resolveApprovals: async ({ path, body, idempotency, caller }) => {
      const by = identityOf(caller);
      const { answers } = engine;
      return answered(
        await answers.resolveApprovals(path.run_id, body.resolutions, idempotency, by),
      );
    },
    listQuestions: ({ query }) => {
      const asked = scope(query);
      const rows = pendingQuestions(store, asked);
      return page(rows, asked.limit, order, keyOf, (shown) => shown.map(({ view }) => view));
    },
    resolveQuestion: async ({ path, body, idempotency, caller }) => {
      const by = identityOf(caller);
      const { answers } = engine;
      return answered(await answers.resolveQuestion(path.run_id, body.resolution, idempotency, by));
    },
    cancelQuestion: async ({ path, body, idempotency }) =>
      answered(
        await engine.answers.cancelQuestion(
          path.run_id,
          path.request_id,
          body.justification,
          idempotency,
        ),
      ),
  };
}

function asksForCommand({ request }: PendingApprovalView): boolean {
  return request.kind === 'tool' && runsCommands(request.tool_name);
}

function placeOf(after: string): AskedPlace {
  const [, position, requestId] = /^(\d{1,15}):(.+)$/.exec(after) ?? [];
  if (position === undefined || requestId === undefined) throw invalidCursor();
  return { position: Number(position), requestId };
}
