import type { ApiTokenView, ControlPlaneView, HealthWarning } from '@kheish/core-model';

const SOON_MS = 7 * 24 * 60 * 60 * 1_000;
const makeAdmin = 'kheish tokens create --name NAME --role admin';

interface AccessFacts {
  readonly nowMs: number;
  readonly controlPlane: ControlPlaneView;
  readonly tokens: readonly ApiTokenView[];
}

/** What is not right about the door, or soon will not be. */
export function accessWarnings(facts: AccessFacts): HealthWarning[] {
  const { controlPlane: door, tokens, nowMs } = facts;
  const warnings: HealthWarning[] = door.auth_token_files.flatMap(({ role, path, error }) =>
    error === undefined
      ? []
      : {
          severity: 'error',
          code: 'auth_token_file_unusable',
          message: `The file of the ${role} token opens nothing. ${error}`,
          related_id: path,
          action: 'Write the token into it, and let the daemon read it.',
        },
  );
  if (door.auth_duplicate_token) {
    warnings.push({
      severity: 'error',
      code: 'auth_duplicate_token',
      message: 'The admin token and the read-only token are the same: neither opens anything.',
      action: 'Write another token into one of the files.',
    });
  }
  if (!door.auth_enabled) {
    warnings.push({
      severity: door.externally_exposed_without_auth ? 'error' : 'info',
      code: 'auth_disabled',
      message: `Whoever reaches ${door.bind_addr} may do everything.`,
      action: makeAdmin,
    });
  } else if (!door.auth_effective_admin_token_available) {
    warnings.push({
      severity: 'warning',
      code: 'auth_no_admin_token',
      message: 'No admin token opens anything: nobody can change what all runs share.',
      action: `Stop the daemon: ${makeAdmin} --offline --state-root DIR`,
    });
  }
  return [...warnings, ...tokens.flatMap((token) => endingSoon(token, nowMs))];
}

function endingSoon(token: ApiTokenView, nowMs: number): HealthWarning[] {
  const { status, expires_at_ms: end, token_id, name, role } = token;
  if (status !== 'active' || end === undefined || end - nowMs > SOON_MS) return [];
  return [
    {
      severity: 'warning',
      code: 'token_expires_soon',
      message: `The ${role} token "${name}" ends at ${new Date(end).toISOString()}.`,
      related_id: token_id,
      action: `kheish tokens create --name "${name}" --role ${role}`,
    },
  ];
}
