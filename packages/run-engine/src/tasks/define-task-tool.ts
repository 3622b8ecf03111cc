import type { JsonSchema, Tool, ToolContext } from '@kheish/core-model';
import type * as v from 'valibot';
import type { DecidingTool } from '../tools/agent-tool.ts';
import { parseInput } from '../tools/parse-input.ts';

const MAX_OUTPUT_BYTES = 65_536;
const TIMEOUT_MS = 30_000;

interface TaskTool<Input> {
  readonly name: string;
  readonly description: string;
  readonly input: v.GenericSchema<unknown, Input>;
  readonly fields: Readonly<Record<string, JsonSchema>>;
  readonly required: readonly string[];
}

/** A tool that changes tasks; what `decide` gives is told as JSON. */
export function defineTaskTool<Input>(
  tool: TaskTool<Input> & {
    decide(...args: Parameters<DecidingTool<Input>['decide']>): object;
  },
): DecidingTool<Input> {
  return {
    kind: 'deciding',
    ...surfaceOf(tool),
    parse: (input) => parseInput(tool.input, input),
    decide: (...args) => JSON.stringify(tool.decide(...args)),
  };
}

/** A tool that reads tasks. */
export function readingTool<Input>(
  tool: TaskTool<Input> & {
    readonly timeoutMs?: number;
    read(input: Input, context: ToolContext): Promise<string>;
  },
): Tool<Input> {
  return {
    ...surfaceOf(tool),
    effect: 'repeatable',
    limits: { timeoutMs: tool.timeoutMs ?? TIMEOUT_MS, maxOutputBytes: MAX_OUTPUT_BYTES },
    parse: (input) => parseInput(tool.input, input),
    run: async (input, context) => ({ content: await tool.read(input, context) }),
  };
}

function surfaceOf({ name, description, fields, required }: Omit<TaskTool<unknown>, 'input'>) {
  const inputSchema: JsonSchema = {
    type: 'object',
    properties: { ...fields },
    required: [...required],
    additionalProperties: false,
  };
  return { name, description, inputSchema };
}
