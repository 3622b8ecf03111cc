import type { MatchedRule } from '@kheish/core-model';

/** What holds where no rule of an operator matches. */
export const builtinRules: readonly MatchedRule[] = [
  ...[
    'bash',
    'write_file',
    'edit_file',
    'apply_patch',
    'mcp__*',
    'list_mcp_resources',
    'list_mcp_resource_templates',
    'read_mcp_resource',
    'exit_plan_mode',
  ].map((pattern): MatchedRule => builtin(pattern, 'ask')),
  builtin('*', 'allow'),
];

function builtin(tool_name_pattern: string, behavior: 'ask' | 'allow'): MatchedRule {
  return { origin: 'builtin', tool_name_pattern, behavior };
}
