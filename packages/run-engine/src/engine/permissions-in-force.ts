import type { Store } from '@kheish/state-store';
import type { Rules } from '../decide/rules.ts';
import { decidePermission } from '../permissions/decide-permission.ts';

/** What the configuration says of calls: a run keeps the one it began with, and what is denied since then is denied. */
export function permissionsOf(
  store: Store,
): Pick<Rules, 'permit' | 'forbid' | 'approvalExpiresAfterMs'> {
  return {
    permit: (configurations, run, { call, command }) => {
      const { config } = configurations.runtime(run.config_revision);
      return decidePermission({
        mode: config.permission_mode,
        rules: config.permission_rules,
        call: { tool_name: call.tool_name, ...(command !== undefined && { binding: command }) },
      });
    },
    forbid: ({ call, command }) => {
      const denying = store.read
        .runtime()
        .config.permission_rules.filter(({ behavior }) => behavior === 'deny');
      return decidePermission({
        mode: 'bypassPermissions',
        rules: denying,
        call: { tool_name: call.tool_name, ...(command !== undefined && { binding: command }) },
      });
    },
    approvalExpiresAfterMs: (state, run) =>
      state.runtime(run.config_revision).config.approval_expires_after_ms,
  };
}
