import type { Client, RuntimeSettingsView } from '@kheish/client-sdk';
import { exitCodes } from '../exit-codes.ts';
import { NotFound } from '../failure.ts';
import { type Canary, sendCanary } from './canary.ts';
import { type DoctorCheck, failing, linesOf, warning, well } from './check.ts';

type RouteView = RuntimeSettingsView['routes'][number];

/** As the reference prints it. */
export interface DoctorRoutesView {
  readonly ok: boolean;
  readonly source: 'daemon' | 'file';
  readonly default_route: string | null;
  readonly route_count: number;
  readonly auth_checked: boolean;
  readonly reference_checked: boolean;
  readonly canary_checked: boolean;
  readonly routes: readonly RouteView[];
  readonly canaries?: readonly Canary[];
  readonly diagnostics: readonly DoctorCheck[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

export interface RouteQuestions {
  /** This one alone. */
  readonly route?: string | undefined;
  readonly checkAuth: boolean;
  readonly checkReferences: boolean;
  readonly canary: boolean;
  readonly canaryTimeoutMs: number;
}

/** Looks at the routes of a running daemon. */
export async function diagnoseRoutes(client: Client, asked: RouteQuestions) {
  const runtime = await client.runtime.get();
  const routes = chosen(runtime.routes, asked.route);
  const ids = new Set(routes.map(({ route_id: id }) => id));
  const diagnostics: DoctorCheck[] = runtime.route_diagnostics
    .filter(({ route_id: id }) => ids.has(id))
    .map(({ state, route_id: related_id, code, message, action }) => ({
      name: 'readiness',
      code,
      ok: state !== 'error',
      severity: state === 'ok' ? 'info' : state,
      message,
      related_id,
      ...(action !== undefined && { action }),
    }));
  if (routes.length === 0) {
    diagnostics.push(warning('readiness', 'no_routes', 'There are no routes: runs are refused.'));
  }
  const canaries: Canary[] = [];
  // One after the other: together they would meet limits of a provider that no run meets.
  for (const route of asked.checkAuth || asked.canary ? routes : []) {
    const canary = await sendCanary(client, route.route_id, asked.canaryTimeoutMs);
    canaries.push(canary);
    if (asked.checkAuth) diagnostics.push(authCheck(route, canary));
    if (asked.canary) diagnostics.push(canaryCheck(canary));
  }
  if (asked.checkReferences) diagnostics.push(...(await references(client, runtime.routes)));
  const view = routesView(routes, runtime.default_route?.route_id, diagnostics, {
    source: 'daemon',
    auth_checked: asked.checkAuth,
    reference_checked: asked.checkReferences,
    canary_checked: asked.canary,
  });
  return canaries.length === 0 ? view : { ...view, canaries };
}

export function routesView(
  routes: readonly RouteView[],
  defaultRoute: string | undefined,
  diagnostics: readonly DoctorCheck[],
  how: Pick<DoctorRoutesView, 'source' | 'auth_checked' | 'reference_checked' | 'canary_checked'>,
): DoctorRoutesView {
  return {
    ok: diagnostics.every(({ ok }) => ok),
    ...how,
    default_route: defaultRoute ?? null,
    route_count: routes.length,
    routes,
    diagnostics,
    warnings: linesOf(diagnostics, 'warning'),
    errors: linesOf(diagnostics, 'error'),
  };
}

export const exitCodeOfRoutes = ({ ok }: DoctorRoutesView) =>
  ok ? exitCodes.done : exitCodes.failure;

function chosen(routes: readonly RouteView[], route: string | undefined): readonly RouteView[] {
  if (route === undefined) return routes;
  const found = routes.filter(({ route_id: id }) => id === route);
  if (found.length === 0) throw new NotFound(`the daemon has no route "${route}"`);
  return found;
}

function authCheck({ route_id: id, auth_ref: ref, provider }: RouteView, canary: Canary) {
  const name = 'auth';
  const related_id = id;
  if (canary.auth === 'accepted') {
    return { ...well(name, `${provider} takes the credential of "${id}".`), related_id };
  }
  const told = `${canary.code ?? canary.status}: ${canary.message ?? ''}`;
  if (canary.auth === 'unknown') return warning(name, 'auth_unknown', told, { related_id });
  const action =
    ref === undefined
      ? 'Give the route another key, and start the daemon again.'
      : `kheish secrets set ${ref} --provider PROVIDER --from-env NAME`;
  return failing(name, 'auth_refused', told, { related_id, action });
}

function canaryCheck({ route_id: id, status, code, message }: Canary): DoctorCheck {
  const name = 'canary';
  const related_id = id;
  if (status === 'passed') return { ...well(name, `A run on "${id}" completed.`), related_id };
  return failing(name, `canary_${status}`, `${code ?? status}: ${message ?? ''}`, { related_id });
}

/** Sessions that would send their next run to a route that is not there any more. */
async function references(client: Client, routes: readonly RouteView[]): Promise<DoctorCheck[]> {
  const name = 'references';
  const known = new Set(routes.map(({ route_id: id }) => id));
  const stale: DoctorCheck[] = [];
  for await (const session of client.sessions.list({ limit: 100 })) {
    const { session_id: related_id, route_policy: policy, status } = session;
    const route = policy?.route_id;
    if (status === 'ended' || route === undefined || known.has(route)) continue;
    const message = `Session "${related_id}" wants the route "${route}", which is not there.`;
    const action = `kheish sessions set-route ${related_id} --clear`;
    stale.push(warning(name, 'stale_session_route_policy', message, { related_id, action }));
  }
  return stale.length > 0 ? stale : [well(name, 'Every session names a route that is there.')];
}
