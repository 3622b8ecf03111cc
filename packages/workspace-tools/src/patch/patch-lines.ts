import { KheishError } from '@kheish/core-model';
import { endsLinesWithCrLf, withLf } from '../text/file-text.ts';
import type { HunkLine } from './file-patch.ts';

/** The lines of a patch, read one after the other. */
export class PatchLines {
  readonly #lines: readonly string[];
  #next = 0;

  constructor(patch: string) {
    const text = endsLinesWithCrLf(patch) ? withLf(patch) : patch;
    this.#lines = text.replace(/\n+$/, '').split('\n');
    this.skipEmpty();
  }

  /** Of the line that comes next, counted from 1. */
  get number(): number {
    return this.#next + 1;
  }

  get atEnd(): boolean {
    return this.#next >= this.#lines.length;
  }

  /** The line that comes next, or one after it; empty behind the end. */
  peek(after = 0): string {
    return this.#lines[this.#next + after] ?? '';
  }

  take(): string {
    const line = this.peek();
    this.#next += 1;
    return line;
  }

  /** The path after the prefix on the next line, which is taken; undefined where it begins otherwise. */
  takePath(prefix: string): string | undefined {
    if (!this.peek().startsWith(prefix)) return undefined;
    const path = this.peek().slice(prefix.length).trim();
    if (path === '') throw this.problem('names no file');
    this.take();
    return path;
  }

  skipEmpty(): void {
    while (!this.atEnd && this.peek().trim() === '') this.take();
  }

  /** Lines of a hunk, up to one that is none. An empty line is taken for an empty line of context. */
  takeBody(endsHere: () => boolean): HunkLine[] {
    const body: HunkLine[] = [];
    let empty = 0;
    while (!this.atEnd && !endsHere()) {
      const mark = this.peek()[0] ?? ' ';
      if (mark !== ' ' && mark !== '-' && mark !== '+') break;
      const line = this.take();
      empty = line === '' ? empty + 1 : 0;
      body.push({ mark, text: line.slice(1) });
    }
    // Those at the end rather set the next part of the patch apart.
    return body.slice(0, body.length - empty);
  }

  problem(detail: string): KheishError {
    return new KheishError('tools/invalid_input', `patch line ${this.number}: ${detail}`);
  }
}
