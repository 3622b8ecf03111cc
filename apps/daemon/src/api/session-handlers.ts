import type { RecordedEvent } from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import { type Engine, existingSession, messageView, sessionView } from '@kheish/run-engine';
import type { Store } from '@kheish/state-store';
import { actorOf } from './actor.ts';
import { answered } from './answered.ts';
import { numberedPageRequest, page, pageRequest } from './page-request.ts';
import { secondLook } from './second-look.ts';

type SessionOperation =
  | 'listSessions'
  | 'createSession'
  | 'getSession'
  | 'deleteSession'
  | 'listMessages'
  | 'listSessionEvents'
  | 'submitInput'
  | 'setRoutePolicy'
  | 'clearRoutePolicy'
  | 'setCredentialScope'
  | 'clearCredentialScope'
  | 'interruptSession'
  | 'endSession';

export function sessionHandlers(store: Store, engine: Engine): Pick<Handlers, SessionOperation> {
  const known = (sessionId: string) => existingSession(store.read.session(sessionId), sessionId);
  return {
    listSessions: ({ query }) => {
      const { limit, after } = pageRequest(query);
      const rows = store.read.sessions({ limit: limit + 1, ...(after !== undefined && { after }) });
      return page(
        rows,
        limit,
        'session_id_asc',
        (row) => row.session_id,
        (shown) => shown.map(sessionView),
      );
    },
    createSession: async ({ body, idempotency }) =>
      answered(await engine.createSession(body, idempotency)),
    getSession: ({ path }) => sessionView(known(path.session_id)),
    deleteSession: async ({ path }) => {
      await engine.deleteSession(path.session_id);
      return { deleted: true };
    },
    listMessages: ({ path, query }) =>
      secondLook(async () => {
        known(path.session_id);
        const { limit, after } = numberedPageRequest(query);
        const options = { from: after === undefined ? 0 : after + 1, limit: limit + 1 };
        const rows = store.read.messages(path.session_id, options);
        const views = await Promise.all(
          rows.slice(0, limit).map((row) => messageView(store, path.session_id, row)),
        );
        const keyOf = (row: (typeof rows)[number]) => String(row.index);
        return page(rows, limit, 'index_asc', keyOf, () => views);
      }),
    listSessionEvents: ({ path, query }) => {
      known(path.session_id);
      return eventPage(store, query, { sessionId: path.session_id });
    },
    submitInput: async ({ path, body, idempotency, caller }) => {
      const input = { ...body, ...actorOf(caller, body.actor_id) };
      return answered(await engine.submitInput(path.session_id, input, idempotency));
    },
    setRoutePolicy: ({ path, body }) => engine.setRoutePolicy(path.session_id, body.route_policy),
    clearRoutePolicy: ({ path }) => engine.setRoutePolicy(path.session_id, null),
    setCredentialScope: ({ path, body }) =>
      engine.setCredentialScope(path.session_id, body.credential_scope),
    clearCredentialScope: ({ path }) => engine.setCredentialScope(path.session_id, null),
    interruptSession: async ({ path, idempotency }) =>
      answered(await engine.interruptSession(path.session_id, idempotency)),
    endSession: async ({ path, body, idempotency }) =>
      answered(await engine.endSession(path.session_id, body.reason, idempotency)),
  };
}

export function eventPage(
  store: Store,
  query: { limit?: string; cursor?: string },
  scope: { sessionId: string } | { runId: string },
) {
  const { limit, after = 0 } = numberedPageRequest(query);
  const { rows } = store.feed.page({ after, limit: limit + 1, ...scope });
  return page(
    rows,
    limit,
    'seq_asc',
    (row) => String(row.seq),
    (shown) => shown.map((row) => JSON.parse(row.body) as RecordedEvent),
  );
}
