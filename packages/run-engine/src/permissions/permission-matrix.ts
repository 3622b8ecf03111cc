import { PermissionMode, type PermissionMatrix, type PermissionRule } from '@kheish/core-model';
import { decidePermission } from './decide-permission.ts';

/** What each mode would make of a call of each tool, nothing being known of its input. */
export function permissionMatrix(
  rules: readonly PermissionRule[],
  toolNames: readonly string[],
): PermissionMatrix {
  const modes = PermissionMode.options.map((mode) => ({
    mode,
    tools: toolNames.map((tool_name) => decidePermission({ mode, rules, call: { tool_name } })),
  }));
  return { modes };
}
