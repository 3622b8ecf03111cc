import type { CappedText } from '../../text/capped-text.ts';

const MAX_INDENTS = 8;

/**
 * Lays out the text of a page as it comes: white space collapses, lines and paragraphs are set apart once, and marks
 * stand at the text they belong to. What has no text leaves no trace.
 */
export class PageWriter {
  readonly #out: CappedText;
  #isStarted = false;
  #breaks: 0 | 1 | 2 = 0;
  /** How an empty line before the next text begins. */
  #emptyIndent = '';
  #isSpaced = false;
  #emptyCells = 0;
  #isRowBegun = false;
  #bullet = '';
  #marks: string[] = [];
  #indents: string[] = [];

  constructor(out: CappedText) {
    this.#out = out;
  }

  /** What follows begins on a new line (1), or after an empty one (2). */
  break(lines: 1 | 2): void {
    const indent = this.#indents.join('').trimEnd();
    if (this.#breaks === 0 || indent.length < this.#emptyIndent.length) this.#emptyIndent = indent;
    if (lines > this.#breaks) this.#breaks = lines;
    this.#isSpaced = false;
  }

  /** A second one in a row is an empty line. */
  lineBreak(): void {
    this.break(this.#breaks === 0 ? 1 : 2);
  }

  space(): void {
    this.#isSpaced = true;
  }

  beginRow(): void {
    this.break(1);
    this.#emptyCells = 0;
    this.#isRowBegun = false;
  }

  /** What follows is the next cell of the row. */
  cell(): void {
    this.#emptyCells += 1;
  }

  /** A mark that waits for text to stand before. */
  open(mark: string): void {
    this.#marks.push(mark);
  }

  close(opened: string, mark: string): void {
    if (this.#marks.at(-1) === opened) this.#marks.pop();
    else this.#out.add(mark);
  }

  /** Every line until `outdent` begins with `indent`; the first with `bullet` in its place. */
  indent(indent: string, bullet = ''): void {
    this.#indents.push(this.#indents.length < MAX_INDENTS ? indent : '');
    this.#bullet = bullet;
  }

  outdent(): void {
    this.#indents.pop();
    this.#bullet = '';
  }

  /** Running text. */
  text(text: string): void {
    const collapsed = text.replace(/[ \t\n\f]+/g, ' ');
    if (collapsed.startsWith(' ')) this.space();
    const words = collapsed.replace(/^ | $/g, '');
    if (words === '') return;
    this.#begin();
    this.#out.add(words);
    this.#isSpaced = collapsed.endsWith(' ');
  }

  /** Text whose white space counts. */
  verbatim(text: string): void {
    if (text === '') return;
    this.#isSpaced = false;
    this.#begin();
    this.#out.add(text.replaceAll('\n', `\n${this.#indents.join('')}`));
  }

  #begin(): void {
    const isNextCell = this.#emptyCells > 0 && this.#isRowBegun;
    if (!isNextCell && (!this.#isStarted || this.#breaks > 0)) this.#beginLine();
    else if (!isNextCell && this.#isSpaced) this.#out.add(' ');
    if (this.#emptyCells > 0) this.#out.add(`${' |'.repeat(this.#emptyCells)} `);
    for (const mark of this.#marks) this.#out.add(mark);
    this.#marks = [];
    this.#emptyCells = 0;
    this.#breaks = 0;
    this.#isRowBegun = true;
    this.#isStarted = true;
  }

  #beginLine(): void {
    const indent = this.#indents.join('');
    if (this.#isStarted && this.#breaks === 2) this.#out.add(`\n${this.#emptyIndent}`);
    if (this.#isStarted) this.#out.add('\n');
    const bulleted = this.#bullet !== '';
    this.#out.add((bulleted ? this.#indents.slice(0, -1).join('') : indent) + this.#bullet);
    this.#bullet = '';
  }
}
