import type { PermissionBehavior, PermissionMode } from '@kheish/core-model';
import { isEdit, isPlanning } from './tool-kinds.ts';

const strictness: readonly PermissionBehavior[] = ['allow', 'ask', 'deny'];

/** The stricter of two decisions. */
export function narrow(a: PermissionBehavior, b: PermissionBehavior): PermissionBehavior {
  return strictness.indexOf(a) > strictness.indexOf(b) ? a : b;
}

interface BaseDecision {
  readonly toolName: string;
  /** What the rules say. */
  readonly base: PermissionBehavior;
  /** An `ask` that no mode may make an `allow`. */
  readonly mustAsk: boolean;
}

/** What each mode makes of what the rules say. None makes less of a `deny`. */
export const applyMode: Readonly<
  Record<PermissionMode, (decision: BaseDecision) => PermissionBehavior>
> = {
  default: ({ base }) => base,
  plan: ({ base, toolName }) => (isPlanning(toolName) ? base : 'deny'),
  dontAsk: ({ base }) => (base === 'ask' ? 'deny' : base),
  acceptEdits: (decision) => (isEdit(decision.toolName) ? withoutAsking(decision) : decision.base),
  bypassPermissions: withoutAsking,
};

function withoutAsking({ base, mustAsk }: BaseDecision): PermissionBehavior {
  return base === 'ask' && !mustAsk ? 'allow' : base;
}
