import type { CredentialBroker, RouteUse } from '@kheish/auth-store';
import type { SessionState } from '@kheish/core-model';
import type { RouteCredentials } from '../decide/rules.ts';
import type { ModelRoutes } from './model-routes.ts';

/** The broker's word on what the runs of a session do with routes. */
export function routeCredentials(broker: CredentialBroker, routes: ModelRoutes): RouteCredentials {
  const use = (session: SessionState, routeId: string): RouteUse => ({
    sessionId: session.session_id,
    scope: session.credential_scope,
    routeId,
    slotId: routes.slotId(routeId),
  });
  return {
    refuse: (state, session, routeId) => broker.refuse(state.authority, use(session, routeId)),
    grant: (state, session, routeId) => broker.decide(state, use(session, routeId)),
  };
}
