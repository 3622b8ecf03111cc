import type {
  JsonObject,
  ModelDriver,
  ModelEvent,
  ModelRequest,
  PromptPart,
  Usage,
} from '@kheish/core-model';

export const text = (said: string): PromptPart => ({ type: 'text', text: said });

/** A call of a tool; without an input its arguments were no JSON object. */
export const call = (id: string, tool: string, input?: JsonObject): PromptPart => ({
  type: 'tool_call',
  tool_call_id: id,
  tool_name: tool,
  ...(input === undefined ? { raw_input: '{' } : { input }),
});

/** One call of the model, answered when the test says so. */
export class ModelTurn {
  readonly request: ModelRequest;
  readonly signal: AbortSignal;
  readonly #events: ModelEvent[] = [];
  #error: Error | undefined;
  #wake: () => void = () => undefined;

  constructor(request: ModelRequest, signal: AbortSignal) {
    this.request = request;
    this.signal = signal;
    signal.addEventListener('abort', () => this.fail(signal.reason as Error), { once: true });
  }

  /** What was asked last. */
  get question(): string {
    const last = this.request.messages.findLast(({ role }) => role === 'user');
    return last?.role === 'user' ? last.content : '';
  }

  say(piece: string): void {
    this.#push({ type: 'text_delta', text: piece });
  }

  think(piece: string): void {
    this.#push({ type: 'reasoning_delta', text: piece });
  }

  answer(...parts: PromptPart[]): void {
    this.answerWith(undefined, ...parts);
  }

  answerWith(usage: Usage | undefined, ...parts: PromptPart[]): void {
    for (const part of parts) this.#push({ type: 'part', part });
    const calls = parts.some((part) => part.type === 'tool_call');
    this.#push({
      type: 'done',
      stop_reason: calls ? 'tool_calls' : 'end',
      ...(usage && { usage }),
    });
  }

  fail(error: Error): void {
    this.#error ??= error;
    this.#wake();
  }

  async *events(): AsyncGenerator<ModelEvent> {
    for (;;) {
      const next = this.#events.shift();
      if (next !== undefined) yield next;
      else if (this.#error !== undefined) throw this.#error;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #push(event: ModelEvent): void {
    this.#events.push(event);
    this.#wake();
  }
}

/** A model that waits for the test, or answers by itself where it is given how. */
export class FakeModel implements ModelDriver {
  readonly name = 'fake';
  readonly turns: ModelTurn[] = [];
  reply: ((turn: ModelTurn) => void) | undefined;

  stream(request: ModelRequest, signal: AbortSignal): AsyncIterable<ModelEvent> {
    signal.throwIfAborted();
    const turn = new ModelTurn(request, signal);
    this.turns.push(turn);
    this.reply?.(turn);
    return turn.events();
  }
}
