import type { JsonObject } from '../json.ts';
import type { EffectClass } from '../run/run.ts';

/** JSON Schema (draft 2020-12) of a tool's input: an object. */
export type JsonSchema = JsonObject;

/** What a model is told of a tool. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

export interface ToolContext {
  readonly session_id: string;
  readonly run_id: string;
  readonly action_id: string;
  /** Aborts when the run is to stop or the time limit has passed. */
  readonly signal: AbortSignal;
}

export interface ToolResult {
  readonly content: string;
}

/**
 * A tool is a value. Only the gate of the run engine calls `run`.
 * `parse` throws `tools/invalid_input` for an input that does not fit the schema; `run` throws a
 * `KheishError` of domain `tools` for what the model can mend.
 */
export interface Tool<Input = unknown> extends ToolDefinition {
  readonly effect: EffectClass;
  readonly limits: { readonly timeoutMs: number; readonly maxOutputBytes: number };
  parse(input: JsonObject): Input;
  run(input: Input, context: ToolContext): Promise<ToolResult>;
}
