import type { JsonSchema, Tool } from '@kheish/core-model';
import type * as v from 'valibot';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import type { Workspace } from '../workspace/workspace.ts';
import { parseInput } from './parse-input.ts';

/** What a tool of this package is made from. */
export interface WorkspaceToolOptions {
  readonly limits: WorkspaceLimits;
  openWorkspace(): Workspace;
}

interface ReadingTool<Input> {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly input: v.GenericSchema<unknown, Input>;
  run(workspace: Workspace, input: Input, signal: AbortSignal): Promise<string>;
}

/** A tool that only reads, so that it may be run again after a crash. */
export function defineReadingTool<Input>(
  options: WorkspaceToolOptions,
  tool: ReadingTool<Input>,
): Tool<Input> {
  const { timeoutMs, maxOutputBytes } = options.limits;
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    effect: 'repeatable',
    limits: { timeoutMs, maxOutputBytes },
    parse: (input) => parseInput(tool.input, input),
    run: async (input, context) => {
      context.signal.throwIfAborted();
      const workspace = options.openWorkspace();
      return { content: await tool.run(workspace, input, context.signal) };
    },
  };
}
