import type { ProblemCode } from '@kheish/core-model';

export interface ScriptedCall {
  readonly tool: string;
  /** The arguments as text; not always valid JSON. */
  readonly args: string;
}

/** What is said and done in answer to one model call, in this order. */
export interface ScriptedTurn {
  readonly reasoning: string;
  readonly text: string;
  /** Breaks off here with this error. */
  readonly fail?: ProblemCode;
  readonly calls: readonly ScriptedCall[];
}

export function answerTurn(text: string): ScriptedTurn {
  return { reasoning: '', text, calls: [] };
}

export function callTurn(calls: readonly ScriptedCall[]): ScriptedTurn {
  return { reasoning: '', text: '', calls };
}
