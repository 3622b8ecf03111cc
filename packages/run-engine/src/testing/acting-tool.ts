import type { Tool } from '@kheish/core-model';

/** A tool that does what the test says. */
export function tool(run: Tool['run'], effect: Tool['effect'] = 'repeatable'): Tool {
  return {
    name: 'act',
    description: 'Acts.',
    inputSchema: { type: 'object' },
    effect,
    limits: { timeoutMs: 600_000, maxOutputBytes: 1_000_000 },
    parse: (input) => input,
    ...(effect !== 'repeatable' && { auditTarget: () => 'act:test' }),
    run,
  };
}
