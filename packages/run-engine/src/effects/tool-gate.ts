import { REDACTED, type Redactor } from '@kheish/auth-store';
import {
  type Body,
  type Clock,
  type EffectClass,
  type GivenApproval,
  KheishError,
  type RunState,
  type Tool,
  type ToolCallPart,
  type ToolContext,
  type ToolDefinition,
  type ToolRuntimeLimits,
  toKheishError,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { actionDigest } from '../decide/prepared-call.ts';
import type { PreparedCall } from '../decide/prepared-call.ts';
import type { Verdict } from '../decide/rules.ts';
import { type AgentTool, type DecidingTool, effectClassOf, isEffect } from '../tools/agent-tool.ts';
import { boundedText } from './bounded-text.ts';
import { Places } from './places.ts';
import { withinTime } from './within-time.ts';

export interface ToolAnswer {
  readonly content: string;
  readonly error?: KheishError;
  readonly deathUnproven?: boolean;
  /** Makes the content, in the commit that settles the call; `text` of the input is kept for it. */
  readonly decision?: {
    readonly text: string | undefined;
    decide(state: WorkingState, run: RunState, body: Body | undefined): string;
  };
}

/** By whose word a call is carried out, and within what. */
export interface Authority {
  readonly run: RunState;
  /** The operator's word, where the call needed it. */
  readonly approval?: GivenApproval;
  /** What the deny rules that are in force now say and, where nobody approved the call, the rules of its run. */
  readonly verdict: (call: PreparedCall) => Verdict;
  readonly limits: ToolRuntimeLimits;
  /** The audit's record says that the call was asked for. */
  readonly isOnRecord: boolean;
}

export interface ToolLimits {
  readonly maxToolCallsAtOnce: number;
  readonly maxToolCallsAtOncePerRun: number;
}

/** The one way to a tool: nothing else calls `run`. */
export class ToolGate {
  readonly #tools: ReadonlyMap<string, AgentTool>;
  readonly #clock: Clock;
  readonly #places: Places;
  readonly #redactor: Pick<Redactor, 'redact'>;

  constructor(
    tools: readonly AgentTool[],
    clock: Clock,
    limits: ToolLimits,
    redactor: Pick<Redactor, 'redact'>,
  ) {
    const { maxToolCallsAtOnce: total, maxToolCallsAtOncePerRun: perKind } = limits;
    this.#places = new Places({ total, perKind });
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    if (this.#tools.size !== tools.length) throw new Error('two tools have one name');
    const unrecorded = tools.find(
      (tool) => isEffect(tool) && tool.effect !== 'repeatable' && tool.auditTarget === undefined,
    );
    if (unrecorded !== undefined) throw new Error(`${unrecorded.name} acts without a record`);
    this.#clock = clock;
    this.#redactor = redactor;
  }

  get definitions(): readonly ToolDefinition[] {
    return [...this.#tools.values()];
  }

  readonly effectOf = (name: string): EffectClass => effectClassOf(this.#tools.get(name));

  /**
   * Looks up what the call would do, without doing it, and what it would act on where `isAsked` says that somebody is
   * to be asked. A call that cannot be carried out has nothing.
   */
  async prepare(
    call: ToolCallPart,
    isAsked: (prepared: PreparedCall) => boolean,
  ): Promise<PreparedCall> {
    const tool = this.#tools.get(call.tool_name);
    if (tool === undefined || call.input === undefined) return { call, hopeless: true };
    let known: PreparedCall = { call };
    try {
      const input = tool.parse(call.input);
      if (!isEffect(tool)) {
        return tool.kind === 'asking' ? { call, asks: tool.parse(call.input) } : known;
      }
      if (tool.auditTarget !== undefined) known = { call, auditTarget: tool.auditTarget(input) };
      requireWhole(tool, call);
      const prepared = await withCommand(tool, known, input);
      return isAsked(prepared) ? await withBinding(tool, prepared, input) : prepared;
    } catch {
      // What is wrong with it is said when it is carried out.
      return { ...known, hopeless: true };
    }
  }

  /**
   * Runs one call within the tool's limits, once there is a place for it. What goes wrong is the tool's answer, for
   * the model to read; only the abort of `context.signal` rejects, and processes that would not die.
   */
  async run(call: ToolCallPart, authority: Authority, context: ToolContext): Promise<ToolAnswer> {
    const wait = this.#places.enter(
      context.run_id,
      context.signal,
      authority.limits.max_parallel_tools,
    );
    if (wait !== undefined) await wait;
    try {
      return await this.#run(call, authority, context);
    } catch (thrown) {
      const error = this.#shown(toKheishError(thrown, 'tools/failed'));
      const deathUnproven = error.code === 'tools/death_unproven';
      if (context.signal.aborted) throw deathUnproven ? error : context.signal.reason;
      return { content: error.message, error, deathUnproven };
    } finally {
      this.#places.leave(context.run_id);
    }
  }

  async #run(call: ToolCallPart, authority: Authority, context: ToolContext): Promise<ToolAnswer> {
    const tool = this.#known(call);
    const raw = inputOf(tool, call, authority.limits);
    if (!isEffect(tool)) {
      const input = tool.parse(raw);
      if (tool.kind === 'asking') throw new Error(`${tool.name} is answered by a person`);
      if (!isAdmitted({ call }, authority)) throw notApproved();
      return { content: '', decision: decisionOf(tool, input, context) };
    }
    const input = tool.parse(raw);
    requireWhole(tool, call);
    requireOnRecord(tool, authority);
    const prepared =
      tool.command === undefined ? { call } : await withCommand(tool, { call }, input);
    const { run, approval } = authority;
    const admitted = isAdmitted(prepared, authority);
    if (admitted && approval === undefined) return this.#perform(tool, input, authority, context);
    const bound = await withBinding(tool, prepared, input);
    if (approval === undefined) throw notApproved();
    requireUnchanged(bound, run, approval);
    const approved = bound.binding && { approved: bound.binding };
    return this.#perform(tool, input, authority, { ...context, ...approved });
  }

  async #perform(
    tool: Tool,
    input: unknown,
    { limits }: Authority,
    context: ToolContext,
  ): Promise<ToolAnswer> {
    const { begin, background } = beginning(tool, context);
    if (tool.effect === 'once' && tool.beginsItself !== true) await begin();
    const timeoutMs = Math.min(tool.limits.timeoutMs, limits.max_timeout_ms);
    const maxOutputBytes = Math.min(tool.limits.maxOutputBytes, limits.max_output_bytes);
    const { content, death_unproven: deathUnproven } = await withinTime(
      this.#clock,
      { name: tool.name, timeoutMs, signal: context.signal },
      (signal) => tool.run(input, { ...context, signal, begin, background }),
    );
    return {
      content: boundedText(this.#redactor.redact(content), maxOutputBytes),
      ...(deathUnproven === true && { deathUnproven }),
    };
  }

  #shown(error: KheishError): KheishError {
    const message = this.#redactor.redact(error.message);
    return message === error.message ? error : new KheishError(error.code, message);
  }

  #known(call: ToolCallPart): AgentTool {
    const tool = this.#tools.get(call.tool_name);
    if (tool !== undefined) return tool;
    const names = [...this.#tools.keys()].join(', ');
    throw new KheishError(
      'tools/unknown_tool',
      `There is no tool ${call.tool_name}. The tools are: ${names || 'none'}.`,
    );
  }
}

function decisionOf(
  tool: DecidingTool,
  input: unknown,
  { action_id: actionId }: ToolContext,
): NonNullable<ToolAnswer['decision']> {
  return {
    text: tool.text?.(input),
    decide: (state, run, body) =>
      tool.decide(state, input, { run, actionId, ...(body !== undefined && { body }) }),
  };
}

/**
 * The last look before the act: rules that deny may have come since, and what nobody was asked for, since it could not
 * be carried out then, may now be possible. False where somebody would have to be asked.
 */
function isAdmitted(prepared: PreparedCall, { verdict, approval }: Authority): boolean {
  const { decision, reason } = verdict(prepared);
  if (decision === 'deny') {
    throw new KheishError('tools/denied', `The call was not carried out: ${reason}`);
  }
  return decision === 'allow' || approval !== undefined;
}

function notApproved(): KheishError {
  return new KheishError(
    'tools/approval_changed',
    'The call was not carried out: it needs an approval that could not be asked for when it was made. Ask for it anew.',
  );
}

/** Where a known secret was taken out of the arguments, or of what the model read, they are not what was meant. */
function requireWhole(tool: Tool, { input }: ToolCallPart): void {
  if (tool.auditTarget === undefined || !JSON.stringify(input).includes(REDACTED)) return;
  throw new KheishError(
    'tools/redacted_input',
    `Nothing was done: the arguments have ${REDACTED} where a secret stood that nobody is to see. Act without it, for example on the other lines of the file.`,
  );
}

/** No entry, no effect. */
function requireOnRecord(tool: Tool, { isOnRecord }: Authority): void {
  if (tool.auditTarget === undefined || isOnRecord) return;
  throw new Error(`${tool.name} is not on the record of external actions`);
}

/** What was approved may be another thing now. */
function requireUnchanged(prepared: PreparedCall, run: RunState, approval: GivenApproval): void {
  if (actionDigest(run, prepared) === approval.digest) return;
  throw new KheishError(
    'tools/approval_changed',
    'The call was not carried out: what it acts on has changed since it was approved. Ask for it anew.',
  );
}

async function withCommand(tool: Tool, known: PreparedCall, input: unknown): Promise<PreparedCall> {
  return tool.command === undefined ? known : { ...known, command: await tool.command(input) };
}

async function withBinding(
  tool: Tool,
  prepared: PreparedCall,
  input: unknown,
): Promise<PreparedCall> {
  return tool.bind === undefined ? prepared : { ...prepared, binding: await tool.bind(input) };
}

/** A call begins once, and only one that is not repeated says so. */
function beginning(tool: Tool, context: ToolContext): Pick<ToolContext, 'begin' | 'background'> {
  let begun = false;
  const once = () => {
    if (begun || tool.effect !== 'once') throw new Error(`${tool.name} may not begin`);
    begun = true;
  };
  return {
    begin: async (process) => {
      once();
      await context.begin(process);
    },
    background: async (command) => {
      once();
      return context.background(command);
    },
  };
}

function inputOf(tool: AgentTool, call: ToolCallPart, limits: ToolRuntimeLimits) {
  if (call.input === undefined) {
    throw new KheishError(
      'tools/invalid_input',
      `The arguments of ${tool.name} were not a JSON object.`,
    );
  }
  const bytes = Buffer.byteLength(JSON.stringify(call.input));
  if (bytes > limits.max_input_bytes) {
    throw new KheishError(
      'tools/invalid_input',
      `The arguments of ${tool.name} have ${bytes} bytes; ${limits.max_input_bytes} are allowed.`,
    );
  }
  return call.input;
}
