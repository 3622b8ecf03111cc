import type {
  Body,
  EffectClass,
  JsonObject,
  RunState,
  Tool,
  ToolDefinition,
  UserQuestion,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';

/** What a call asks the operator. */
export interface Asked {
  readonly questions: readonly UserQuestion[];
  /** Milliseconds after which nobody can answer any more. */
  readonly expiresAfterMs?: number;
}

/** Does nothing but ask the operator; the answer is the call's result. */
export interface AskingTool extends ToolDefinition {
  readonly kind: 'asking';
  /** Throws `tools/invalid_input`. */
  parse(input: JsonObject): Asked;
}

interface DecidedCall {
  readonly run: RunState;
  readonly actionId: string;
  /** The text that is to be kept, as events carry it. */
  readonly body?: Body;
}

/**
 * Changes nothing but what the daemon itself keeps, in the very commit that settles the call: it happens with its
 * result or not at all.
 */
export interface DecidingTool<Input = unknown> extends ToolDefinition {
  readonly kind: 'deciding';
  /** Throws `tools/invalid_input`. */
  parse(input: JsonObject): Input;
  /** A text of the input that `decide` records, however long it is; then it may not throw. */
  text?(input: Input): string;
  /** Pure. Gives the result; throws a `KheishError` for what the model can mend, then nothing is recorded. */
  decide(state: WorkingState, input: Input, call: DecidedCall): string;
}

/** What a model may call. */
export type AgentTool = Tool | AskingTool | DecidingTool;

export function isEffect(tool: AgentTool): tool is Tool {
  return !('kind' in tool);
}

export function effectClassOf(tool: AgentTool | undefined): EffectClass {
  // A tool that does not exist does nothing, so a call of it may be repeated; neither do those without an effect.
  return tool !== undefined && isEffect(tool) ? tool.effect : 'repeatable';
}
