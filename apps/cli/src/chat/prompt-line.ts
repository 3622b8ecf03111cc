import { type Interface, clearScreenDown, cursorTo, moveCursor } from 'node:readline';

const IDLE = '> ';

/** The line in which a person types; what is written meanwhile goes above it. Without a terminal there is none. */
export class PromptLine {
  readonly #reading: Interface;
  readonly #output: NodeJS.WritableStream;
  /** Whether there is a line to type in. */
  #open: boolean;
  #idle = false;
  #asked: string | undefined;
  #shown = false;
  /** What was being typed when something was asked. */
  #draft = '';

  constructor(reading: Interface, output: NodeJS.WritableStream, terminal: boolean) {
    this.#reading = reading;
    this.#output = output;
    this.#open = terminal;
    reading.on('line', () => {
      this.#shown = false;
    });
    reading.on('close', () => {
      this.#open = false;
      this.#shown = false;
    });
  }

  /** An input may be typed, or none is waited for. */
  set idle(idle: boolean) {
    this.#idle = idle;
    this.#show();
  }

  /** Something is asked, from an empty line on. Undefined: nothing any more. */
  ask(prompt: string | undefined): void {
    const isThere = this.#shown && this.#asked === prompt && this.#reading.line === '';
    if (!this.#open || isThere) return;
    const before = this.#asked;
    this.#asked = prompt;
    if (before === undefined) this.#draft = this.#reading.line;
    this.#clear();
    this.#hide();
    this.#show();
    if (prompt === undefined && this.#draft !== '') {
      this.#reading.write(this.#draft);
      this.#draft = '';
    }
  }

  write(text: string): void {
    this.#hide();
    this.#output.write(text);
    if (text.endsWith('\n')) this.#show();
  }

  #show(): void {
    const prompt = this.#asked ?? (this.#idle ? IDLE : undefined);
    if (!this.#open || prompt === undefined) return;
    this.#reading.setPrompt(prompt);
    this.#reading.prompt(true);
    this.#shown = true;
  }

  #hide(): void {
    if (!this.#shown) return;
    this.#shown = false;
    moveCursor(this.#output, 0, -this.#reading.getCursorPos().rows);
    cursorTo(this.#output, 0);
    clearScreenDown(this.#output);
  }

  /** Nothing that was typed for one thing answers another. */
  #clear(): void {
    if (this.#reading.line === '') return;
    this.#reading.write(null, { ctrl: true, name: 'e' });
    this.#reading.write(null, { ctrl: true, name: 'u' });
    this.#shown = true;
  }
}
