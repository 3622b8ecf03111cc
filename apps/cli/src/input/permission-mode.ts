import type { PermissionMode } from '@kheish/client-sdk';

const modes = {
  default: 'default',
  'accept-edits': 'acceptEdits',
  'bypass-permissions': 'bypassPermissions',
  plan: 'plan',
  'dont-ask': 'dontAsk',
} as const satisfies Record<string, PermissionMode>;

/** As the command line spells them. */
export const permissionModes = Object.keys(modes) as (keyof typeof modes)[];

export function permissionModeOf(spelled: keyof typeof modes): PermissionMode {
  return modes[spelled];
}
