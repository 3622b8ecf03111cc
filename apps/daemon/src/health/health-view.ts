import type {
  ApiTokenView,
  AuthSlotStatus,
  ControlPlaneView,
  DaemonStatusView,
  HealthWarning,
  KheishError,
  RouteReadiness,
  SandboxView,
} from '@kheish/core-model';
import { accessWarnings } from './access-warnings.ts';
import { secretWarnings } from './secret-warnings.ts';

/** What the warnings are made of. */
export interface HealthFacts {
  readonly nowMs: number;
  readonly controlPlane: ControlPlaneView;
  readonly tokens: readonly ApiTokenView[];
  readonly slots: readonly AuthSlotStatus[];
  readonly hasMasterKey: boolean;
  /** Why nothing can be written, if so. */
  readonly failure: KheishError | undefined;
  /** Why nothing can be put on the record of external actions, if so. */
  readonly ledgerFailure: KheishError | undefined;
  readonly routes: readonly RouteReadiness[];
  readonly sandbox: SandboxView;
}

/** What an operator should know of a running daemon, worst first. */
export function healthView(facts: HealthFacts): DaemonStatusView['health'] {
  const warnings = [
    ...storageWarnings(facts),
    ...routeWarnings(facts),
    ...accessWarnings(facts),
    ...secretWarnings(facts),
    ...sandboxWarnings(facts),
  ];
  const rank = { error: 0, warning: 1, info: 2 };
  return {
    generated_at_ms: facts.nowMs,
    ok: !warnings.some(({ severity }) => severity === 'error'),
    warnings: warnings.toSorted((a, b) => rank[a.severity] - rank[b.severity]),
  };
}

function storageWarnings({ failure, ledgerFailure }: HealthFacts): HealthWarning[] {
  return [
    ...(failure ? [failureOf(failure, 'Look at the disk of the state root.')] : []),
    ...(ledgerFailure ? [failureOf(ledgerFailure, 'Look at the key that signs the audit.')] : []),
  ];
}

function failureOf({ shortCode: code, message }: KheishError, action: string): HealthWarning {
  return { severity: 'error', code, message, action };
}

function routeWarnings({ routes }: HealthFacts): HealthWarning[] {
  if (routes.length === 0) {
    const message = 'There are no model routes: runs are refused.';
    const action = 'Start the daemon with --routes-file or --provider.';
    return [{ severity: 'warning', code: 'no_routes', message, action }];
  }
  return routes.flatMap(({ state, route_id: related_id, code, message, action }) =>
    state === 'ok'
      ? []
      : [{ severity: state, code, message, related_id, ...(action !== undefined && { action }) }],
  );
}

function sandboxWarnings({ sandbox }: HealthFacts): HealthWarning[] {
  if (sandbox.kind !== 'none') return [];
  const message = `Commands run without a sandbox: ${sandbox.reason}`;
  const action = 'See docs/shell.md for what it needs.';
  return [{ severity: 'warning', code: 'sandbox_unavailable', message, action }];
}
