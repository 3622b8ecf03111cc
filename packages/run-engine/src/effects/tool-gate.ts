import {
  type Clock,
  type EffectClass,
  KheishError,
  type Tool,
  type ToolCallPart,
  type ToolContext,
  toKheishError,
} from '@kheish/core-model';
import { Places } from './places.ts';

export interface ToolAnswer {
  readonly content: string;
  readonly error?: KheishError;
}

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const callOver = new Error('the call is over');

export interface ToolLimits {
  readonly maxToolCallsAtOnce: number;
  readonly maxToolCallsAtOncePerRun: number;
}

/** The one way to a tool: nothing else calls `run`. */
export class ToolGate {
  readonly #tools: ReadonlyMap<string, Tool>;
  readonly #clock: Clock;
  readonly #places: Places;

  constructor(tools: readonly Tool[], clock: Clock, limits: ToolLimits) {
    const { maxToolCallsAtOnce: total, maxToolCallsAtOncePerRun: perKind } = limits;
    this.#places = new Places({ total, perKind });
    this.#tools = new Map(tools.map((tool) => [tool.name, tool]));
    if (this.#tools.size !== tools.length) throw new Error('two tools have one name');
    this.#clock = clock;
  }

  get definitions(): readonly Tool[] {
    return [...this.#tools.values()];
  }

  /** A call of a tool that does not exist does nothing, so it may be repeated. */
  readonly effectOf = (name: string): EffectClass => this.#tools.get(name)?.effect ?? 'repeatable';

  /**
   * Runs one call within the tool's limits, once there is a place for it. What goes wrong is the tool's answer, for
   * the model to read; only the abort of `context.signal` rejects.
   */
  async run(call: ToolCallPart, context: ToolContext): Promise<ToolAnswer> {
    const wait = this.#places.enter(context.run_id, context.signal);
    if (wait !== undefined) await wait;
    try {
      return await this.#run(call, context);
    } catch (thrown) {
      context.signal.throwIfAborted();
      const error = toKheishError(thrown, 'tools/failed');
      return { content: error.message, error };
    } finally {
      this.#places.leave(context.run_id);
    }
  }

  async #run(call: ToolCallPart, context: ToolContext): Promise<ToolAnswer> {
    const tool = this.#tools.get(call.tool_name);
    if (tool === undefined) {
      const names = [...this.#tools.keys()].join(', ');
      throw new KheishError(
        'tools/unknown_tool',
        `There is no tool ${call.tool_name}. The tools are: ${names || 'none'}.`,
      );
    }
    if (call.input === undefined) {
      throw new KheishError(
        'tools/invalid_input',
        `The arguments of ${tool.name} were not a JSON object.`,
      );
    }
    const input = tool.parse(call.input);
    const { content } = await this.#withinTime(tool, context, (signal) =>
      tool.run(input, { ...context, signal }),
    );
    return { content: bounded(content, tool.limits.maxOutputBytes) };
  }

  async #withinTime<T>(
    tool: Tool,
    context: ToolContext,
    run: (signal: AbortSignal) => Promise<T>,
  ): Promise<T> {
    const timer = new AbortController();
    const running = new AbortController();
    const { timeoutMs } = tool.limits;
    const late = this.#clock.sleep(timeoutMs, timer.signal).then(
      () => {
        const error = new KheishError(
          'tools/failed',
          `${tool.name} took longer than ${timeoutMs} ms and was stopped.`,
        );
        running.abort(error);
        throw error;
      },
      () => new Promise<never>(() => undefined),
    );
    try {
      return await Promise.race([run(AbortSignal.any([context.signal, running.signal])), late]);
    } finally {
      timer.abort(callOver);
    }
  }
}

function bounded(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const cut = Buffer.from(text)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `${cut}\n[cut after ${maxBytes} bytes]`;
}
