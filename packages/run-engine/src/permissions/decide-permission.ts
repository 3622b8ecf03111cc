import {
  type Command,
  type MatchedRule,
  type PermissionExplanation,
  type PermissionMode,
  type PermissionRule,
  isWrapper,
} from '@kheish/core-model';
import { builtinRules } from './builtin-rules.ts';
import { notesOn, reasonFor } from './explain.ts';
import { applyMode, narrow } from './permission-mode.ts';
import { namesCommand, namesTool } from './rule-matches.ts';
import { foremost, outranks } from './rule-order.ts';
import { runsCommands } from './tool-kinds.ts';

export interface PermissionQuestion {
  readonly mode: PermissionMode;
  /** In the order they were inserted. */
  readonly rules: readonly PermissionRule[];
  readonly call: {
    readonly tool_name: string;
    /** What the call would act on, where the tool looks that up. */
    readonly binding?: Command | undefined;
  };
}

/**
 * Whether a call may be made. A `deny` of any scope that matches wins. Else the rule that goes first decides: session
 * before project before user before built in; within a scope the longer `argv_prefix`, then the exact name, then the
 * longer beginning of one; then the first inserted. Then the mode.
 */
export function decidePermission({ mode, rules, call }: PermissionQuestion): PermissionExplanation {
  const tool = call.tool_name;
  const command = call.binding ?? {};
  const named = [...rules.map(ruleWithOrigin), ...builtinRules].filter((rule) =>
    namesTool(rule, tool),
  );
  const matching = named.filter((rule) => namesCommand(rule, command));
  const denying = matching.filter((rule) => rule.behavior === 'deny');
  const matched = foremost(denying.length > 0 ? denying : matching);
  if (matched === undefined) throw new Error('the built-in rules match every tool');

  const hidden = hiddenRules(named, matching, tool, command).filter(
    (rule) => rule.behavior === 'deny' || !outranks(matched, rule),
  );
  const base = hidden.length > 0 ? narrow(matched.behavior, 'ask') : matched.behavior;
  const mustAsk = hidden.some((rule) => rule.behavior === 'deny');
  const decision = applyMode[mode]({ toolName: tool, base, mustAsk });
  return {
    tool_name: tool,
    decision,
    base_decision: base,
    effective_mode: mode,
    mode_applied: decision !== base,
    matched_rule: matched,
    approval_required: decision === 'ask',
    ...(matched.origin === 'builtin' ? {} : { scope: matched.origin }),
    reason: reasonFor({ matched, base, decision, mode }),
    notes: notesOn({ named, matching, hidden, command, mode }),
  };
}

/** Rules that ask or deny for commands which cannot be told from the line: what it runs may be one of them. */
function hiddenRules(
  named: readonly MatchedRule[],
  matching: readonly MatchedRule[],
  toolName: string,
  command: Command,
): readonly MatchedRule[] {
  if (!runsCommands(toolName)) return [];
  if (command.argv !== undefined && !isWrapper(command)) return [];
  return named.filter(
    (rule) =>
      rule.argv_prefix !== undefined && rule.behavior !== 'allow' && !matching.includes(rule),
  );
}

function ruleWithOrigin({ scope, ...rule }: PermissionRule): MatchedRule {
  return { origin: scope, ...rule };
}
