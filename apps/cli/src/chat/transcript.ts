import type { RecordedEvent, RunView, StreamEvent } from '@kheish/client-sdk';
import picocolors from 'picocolors';
import type { Colors } from '../output/colors.ts';
import { oneLine, plainText } from '../output/plain-text.ts';

type Settled = Extract<RecordedEvent, { type: 'action_settled' }>;
type AssistantMessage = Extract<NonNullable<Settled['message']>, { role: 'assistant' }>;

/** What a model call has shown so far. */
interface Said {
  readonly call: string;
  readonly attempt: number;
  text: string;
}

/** Shows a session as it goes on: the model's words as they come, tool calls in one line each. */
export class Transcript {
  readonly #write: (text: string) => void;
  readonly #colors: Colors;
  #said: Said = { call: '', attempt: 0, text: '' };
  #atLineStart = true;

  constructor(write: (text: string) => void, colored: boolean) {
    this.#write = write;
    this.#colors = picocolors.createColors(colored);
  }

  show(event: StreamEvent): void {
    if (event.type === 'model_delta') {
      this.#say(`${event.run_id}/${event.step}`, event.attempt, event.text ?? '');
      return;
    }
    if (event.type === 'run_recovered') {
      this.remark('the daemon has restarted; the run goes on');
      this.#said = { call: '', attempt: 0, text: '' };
    }
    if (event.type === 'run_fell_back') {
      this.remark(`the run goes on with ${event.model}: ${event.error.detail}`);
    }
    if (event.type === 'context_compacted') {
      this.remark(
        `earlier messages are ${event.method === 'summary' ? 'summarised' : 'shortened'} for the model`,
      );
    }
    if (event.type === 'action_settled') this.#settled(event);
    if (event.type === 'tool_call_refused') {
      const { tool_name: name, content } = event.message;
      this.remark(`  ${name} refused: ${typeof content === 'string' ? content : ''}`);
    }
  }

  /** The end of a run; what the stream did not bring of its output is caught up on. */
  close(run: RunView): void {
    const output = run.outputs.map(({ content }) => content).join('\n');
    if (!this.#said.text.endsWith(output)) {
      this.#freshLine();
      this.#put(plainText(output));
    }
    this.#freshLine();
    if (run.error !== undefined) this.complain(`the run failed: ${run.error.detail}`);
    else if (run.status !== 'completed') this.remark(`the run was ${run.status}`);
  }

  /** Lines as they are; whoever gives them has made them safe. */
  tell(lines: readonly string[]): void {
    this.#freshLine();
    this.#put(lines.map((line) => `${line}\n`).join(''));
  }

  remark(text: string): void {
    this.#freshLine();
    this.#put(`${this.#colors.dim(oneLine(text))}\n`);
  }

  complain(text: string): void {
    this.#freshLine();
    this.#put(`${this.#colors.red(oneLine(text, 400))}\n`);
  }

  #say(call: string, attempt: number, text: string): void {
    if (text === '') return;
    if (this.#said.call !== call || this.#said.attempt !== attempt) {
      this.#freshLine();
      this.#said = { call, attempt, text: '' };
    }
    this.#said.text += text;
    this.#put(plainText(text));
  }

  #settled(event: Settled): void {
    if (event.message?.role === 'assistant') this.#message(event, event.message);
    if (event.kind === 'tool_call' && event.outcome !== 'succeeded') {
      this.remark(`  ${event.target} ${event.error?.detail ?? event.outcome}`);
    }
  }

  #message(event: Settled, message: AssistantMessage): void {
    const call = `${event.run_id}/${event.step}`;
    const text = message.parts
      .map((part) => (part.type === 'text' && typeof part.text === 'string' ? part.text : ''))
      .join('');
    const said = this.#said.call === call ? this.#said.text : '';
    if (text.startsWith(said)) this.#say(call, this.#said.attempt, text.slice(said.length));
    else this.#say(call, this.#said.attempt + 1, text);
    for (const part of message.parts) {
      if (part.type !== 'tool_call') continue;
      this.remark(`· ${part.tool_name} ${JSON.stringify(part.input ?? part.raw_input ?? {})}`);
    }
  }

  #freshLine(): void {
    if (!this.#atLineStart) this.#put('\n');
  }

  #put(text: string): void {
    if (text === '') return;
    this.#write(text);
    this.#atLineStart = text.endsWith('\n');
  }
}
