import { CappedText } from '../../text/capped-text.ts';
import { type Attributes, attributeOf, distanceOf, isHidden, linkTarget } from './elements.ts';
import type { PageWriter } from './page-writer.ts';

/** `markdown` has marks and links, `text` has neither. */
export type PageFormat = 'markdown' | 'text';

const MAX_TITLE_CHARS = 500;
const MAX_TITLE_BYTES = 2000;

const marks = new Map([
  ['b', '**'],
  ['strong', '**'],
  ['em', '*'],
  ['i', '*'],
  ...[1, 2, 3, 4, 5, 6].map((level) => [`h${level}`, `${'#'.repeat(level)} `] as const),
]);

interface Table {
  rows: number;
  cells: number;
  headers: number;
}

/** Takes the elements of a page in their order, and has their text written. Every `open` needs its `close`. */
export class PageLayout {
  readonly #writer: PageWriter;
  readonly #isMarkdown: boolean;
  #base: string;
  /** What is to be done at the end of each open element. */
  readonly #ends: (() => void)[] = [];
  /** How deep the outermost element is that is not shown. */
  #hiddenAt: number | undefined;
  #title: CappedText | undefined;
  #isInTitle = false;
  #isInLink = false;
  #preformatted = 0;
  /** The number of the next item of each open list; NaN where items have none. */
  readonly #lists: number[] = [];
  #table: Table = { rows: 0, cells: 0, headers: 0 };

  constructor(writer: PageWriter, base: string, format: PageFormat) {
    this.#writer = writer;
    this.#base = base;
    this.#isMarkdown = format === 'markdown';
  }

  /** Elements that are open within each other. */
  get depth(): number {
    return this.#ends.length;
  }

  get title(): string {
    return String(this.#title ?? '')
      .replace(/\s+/g, ' ')
      .trim();
  }

  open(name: string, attributes: Attributes): void {
    if (this.#hiddenAt === undefined && isHidden(name, attributes)) this.#hiddenAt = this.depth;
    this.#ends.push(this.#hiddenAt === undefined ? this.#begin(name, attributes) : nothing);
  }

  close(): void {
    this.#ends.pop()?.();
    if (this.#hiddenAt === this.depth) this.#hiddenAt = undefined;
  }

  text(text: string): void {
    if (this.#hiddenAt !== undefined) return;
    if (this.#isInTitle) this.#title?.add(text);
    else if (this.#preformatted > 0) this.#writer.verbatim(text);
    else this.#writer.text(text);
  }

  #begin(name: string, attributes: Attributes): () => void {
    const distance = distanceOf(name);
    this.#setApart(distance);
    const end = this.#beginElement(name, attributes);
    return () => {
      end();
      this.#setApart(distance);
    };
  }

  #setApart(distance: 0 | 1 | 2): void {
    if (distance === 0) return;
    // A link stands on one line, and a list in a list right below its item.
    if (this.#isInLink) this.#writer.space();
    else this.#writer.break(this.#lists.length > 0 ? 1 : distance);
  }

  #beginElement(name: string, attributes: Attributes): () => void {
    switch (name) {
      case 'title':
        return this.#beginTitle();
      case 'base':
        this.#base =
          URL.parse(attributeOf(attributes, 'href') ?? '', this.#base)?.href ?? this.#base;
        return nothing;
      case 'br':
        if (this.#preformatted > 0) this.#writer.verbatim('\n');
        else if (this.#isInLink) this.#writer.space();
        else this.#writer.lineBreak();
        return nothing;
      case 'hr':
        if (this.#isMarkdown) this.#writer.text('---');
        return nothing;
      case 'a':
        return this.#beginLink(linkTarget(attributeOf(attributes, 'href'), this.#base));
      case 'img':
        this.#image(attributes);
        return nothing;
      case 'pre':
        return this.#beginPreformatted();
      case 'code':
        return this.#preformatted > 0 ? nothing : this.#beginMark('`', '`');
      case 'blockquote':
        this.#writer.indent(this.#isMarkdown ? '> ' : '  ');
        return () => this.#writer.outdent();
      case 'ul':
        return this.#beginList(Number.NaN);
      case 'ol':
        return this.#beginList(1);
      case 'li':
        return this.#beginItem();
      case 'table':
        return this.#beginTable();
      case 'tr':
        return this.#beginRow();
      case 'td':
      case 'th':
        this.#beginCell(name);
        return nothing;
      default:
        return this.#beginMarked(name);
    }
  }

  #beginTitle(): () => void {
    if (this.#title !== undefined) return nothing;
    this.#title = new CappedText(MAX_TITLE_CHARS, MAX_TITLE_BYTES);
    this.#isInTitle = true;
    return () => (this.#isInTitle = false);
  }

  #beginMarked(name: string): () => void {
    const mark = marks.get(name);
    if (mark === undefined) return nothing;
    const isHeading = mark.startsWith('#');
    if (this.#preformatted > 0 || (isHeading && this.#isInLink)) return nothing;
    return this.#beginMark(mark, isHeading ? '' : mark);
  }

  #beginMark(mark: string, endMark: string): () => void {
    if (!this.#isMarkdown) return nothing;
    this.#writer.open(mark);
    return () => this.#writer.close(mark, endMark);
  }

  #beginLink(target: string | undefined): () => void {
    if (target === undefined || this.#isInLink) return nothing;
    const end = this.#beginMark('[', `](${target})`);
    this.#isInLink = true;
    return () => {
      this.#isInLink = false;
      end();
    };
  }

  #image(attributes: Attributes): void {
    const alt = (attributeOf(attributes, 'alt') ?? '').trim();
    const source = linkTarget(attributeOf(attributes, 'src'), this.#base);
    if (this.#isMarkdown && alt !== '' && source !== undefined) {
      this.#writer.text(`![${alt}](${source})`);
    }
  }

  #beginPreformatted(): () => void {
    const fence = this.#isMarkdown && this.#preformatted === 0 && !this.#isInLink;
    if (fence) this.#writer.verbatim('```\n');
    this.#preformatted += 1;
    return () => {
      this.#preformatted -= 1;
      if (fence) this.#writer.verbatim('\n```');
    };
  }

  #beginList(first: number): () => void {
    this.#lists.push(first);
    return () => this.#lists.pop();
  }

  #beginItem(): () => void {
    const number = this.#lists.at(-1) ?? Number.NaN;
    if (this.#lists.length > 0) this.#lists[this.#lists.length - 1] = number + 1;
    const bullet = Number.isNaN(number) ? '- ' : `${number}. `;
    this.#writer.indent(' '.repeat(bullet.length), bullet);
    return () => this.#writer.outdent();
  }

  #beginTable(): () => void {
    const outer = this.#table;
    this.#table = { rows: 0, cells: 0, headers: 0 };
    return () => {
      this.#table = outer;
      this.#writer.beginRow();
    };
  }

  #beginRow(): () => void {
    const table = this.#table;
    Object.assign(table, { rows: table.rows + 1, cells: 0, headers: 0 });
    this.#writer.beginRow();
    return () => {
      const { rows, cells, headers } = table;
      this.#writer.beginRow();
      if (this.#isMarkdown && rows === 1 && cells > 1 && cells === headers) {
        this.#writer.text(Array(cells).fill('---').join(' | '));
        this.#writer.break(1);
      }
    };
  }

  #beginCell(name: 'td' | 'th'): void {
    if (this.#table.cells > 0) this.#writer.cell();
    this.#table.cells += 1;
    if (name === 'th') this.#table.headers += 1;
  }
}

function nothing(): void {}
