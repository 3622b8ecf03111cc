import type { JsonObject } from '../json.ts';
import type { Command } from '../permission/command.ts';
import type { EffectClass } from '../run/run.ts';
import type { SandboxReach } from '../runtime/runtime-config.ts';
import type { ActionBinding } from './action-binding.ts';
import type { ProcessIdentity } from './process-identity.ts';

/** JSON Schema (draft 2020-12) of a tool's input: an object. */
export type JsonSchema = JsonObject;

/** What a model is told of a tool. */
export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
}

/** Where a command's output is kept on disk. */
export interface SinkPlace {
  /** Absolute. */
  readonly file: string;
  readonly maxBytes: number;
}

/** How a command ended, and whether all that it started is dead. */
export interface ShellReport {
  readonly exit_code?: number;
  readonly signal?: string;
  /** Why it was stopped. */
  readonly stopped?: string;
  readonly death: 'proven' | 'unproven';
  readonly remaining_pids?: readonly number[];
  readonly output: { readonly total: number };
}

/** A command under way. */
export interface BackgroundProcess {
  /** Never rejects. */
  readonly exit: Promise<ShellReport>;
  output(): { readonly total: number };
  stop(reason: string): Promise<unknown>;
}

/** A command that exists as a process and has not begun. */
export interface HeldCommand {
  readonly identity?: ProcessIdentity;
  /** Lets it begin. */
  release(): BackgroundProcess;
  /** It never begins. */
  drop(): Promise<void>;
}

/** A command that outlives its call and its run: it belongs to the session. */
export interface BackgroundCommand {
  readonly command: string;
  /** What it is for. */
  readonly description?: string;
  hold(sink: SinkPlace): Promise<HeldCommand>;
  /** Called when all is on disk, right before it begins; where it rejects it does not. */
  lastLook(): Promise<void>;
}

export interface ToolContext {
  readonly session_id: string;
  readonly run_id: string;
  readonly action_id: string;
  /** Aborts when the run is to stop or the time limit has passed. */
  readonly signal: AbortSignal;
  /**
   * What the operator approved. The gate has compared it with what is there; a tool compares once more, at the last
   * moment that it can, and does nothing where it differs.
   */
  readonly approved?: ActionBinding;
  /** How far a command may reach at most. */
  readonly reach: SandboxReach;
  /**
   * Records that the effect begins, and by which processes. Before it resolves nothing may have happened; when it
   * rejects nothing may happen. What died before it is begun again, what died after it has an unknown outcome.
   */
  begin(process?: ProcessIdentity): Promise<void>;
  /** Begins the effect, in the place of `begin`, with a command that becomes a task of the session. */
  background(command: BackgroundCommand): Promise<{ task_id: string }>;
}

export interface ToolResult {
  readonly content: string;
  /** Its processes were ended, and that all of them are dead could not be established. */
  readonly death_unproven?: true;
}

/**
 * A tool is a value. Only the gate of the run engine calls `run`.
 * `parse` throws `tools/invalid_input` for an input that does not fit the schema; `run` throws a
 * `KheishError` of domain `tools` for what the model can mend. Where its signal aborts it ends what it started before it
 * rejects, with `tools/death_unproven` where that could not be established.
 */
export interface Tool<Input = unknown> extends ToolDefinition {
  readonly effect: EffectClass;
  readonly limits: { readonly timeoutMs: number; readonly maxOutputBytes: number };
  /** Calls `context.begin` itself, since it holds processes; for the others of class `once` the gate does. */
  readonly beginsItself?: true;
  parse(input: JsonObject): Input;
  /**
   * Of a tool that acts or reaches out: what a call acts on, for the audit's record, without bodies or secrets. A tool
   * without it reads what is local.
   */
  auditTarget?(input: Input): string;
  /** The command that a call would run, for rules that speak of commands. */
  command?(input: Input): Promise<Command>;
  /** Absent: name and input say all of what would be done. */
  bind?(input: Input): Promise<ActionBinding>;
  run(input: Input, context: ToolContext): Promise<ToolResult>;
}
