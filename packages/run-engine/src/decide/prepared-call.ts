import {
  type ActionBinding,
  type Command,
  type Digest,
  type RunState,
  type ToolCallPart,
  digestOfJson,
} from '@kheish/core-model';
import type { Asked } from '../tools/agent-tool.ts';

/** A call that a model asked for, with what was looked up about it before it is decided. */
export interface PreparedCall {
  readonly call: ToolCallPart;
  /** What the audit's record says that it acts on; absent where it reaches nothing beyond the daemon. */
  readonly auditTarget?: string;
  /** What it would run, for rules that speak of commands. */
  readonly command?: Command;
  /** Looked up only where somebody is to be asked. Absent where the tool has none, or where the call cannot be carried out anyway. */
  readonly binding?: ActionBinding;
  /** What the call asks the operator, where that is all it does. */
  readonly asks?: Asked;
  /** There is no such tool, or it does not take these arguments: it will be told so, and nobody is asked. */
  readonly hopeless?: true;
}

/** The exact action: tool, arguments, what it acts on, and the configuration under which it was asked for. */
export function actionDigest(run: RunState, { call, binding }: PreparedCall): Digest {
  return digestOfJson({
    tool: call.tool_name,
    input: call.input ?? call.raw_input ?? null,
    binding: binding ?? null,
    config_revision: run.config_revision ?? null,
  });
}
