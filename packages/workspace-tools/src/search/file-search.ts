import { KheishError } from '@kheish/core-model';
import { type BoundedText, cutNote } from '../text/bounded-text.ts';
import { CHUNK_BYTES, type TextEnd, type TextLine, readLines } from '../text/read-lines.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import { fileProblem } from '../workspace/file-problem.ts';
import { type Workspace, isNotFound } from '../workspace/workspace.ts';
import type { LineMatcher } from './line-matcher.ts';

/** Characters times pattern cost that may be matched before others get their turn. */
const WORK_PER_TURN = 2_000_000;
const MIN_CHUNK_BYTES = 2048;
const SHOWN_CHARS = 500;

/** Searches files one after the other into one answer, and keeps count of what was left out. */
export class FileSearch {
  readonly #workspace: Workspace;
  readonly #matcher: LineMatcher;
  readonly #limits: WorkspaceLimits;
  readonly #text: BoundedText;
  readonly #lineChars: number;
  readonly #chunkBytes: number;
  #bytesLeft: number;
  #matches = 0;
  #stop: 'results' | 'bytes' | undefined;
  #unreadable = 0;
  #cutFiles = 0;
  #cutLines = 0;

  constructor(
    workspace: Workspace,
    matcher: LineMatcher,
    limits: WorkspaceLimits,
    text: BoundedText,
  ) {
    this.#workspace = workspace;
    this.#matcher = matcher;
    this.#limits = limits;
    this.#text = text;
    this.#lineChars = limits.maxSearchedLineChars;
    const affordable = Math.floor(WORK_PER_TURN / matcher.cost);
    this.#chunkBytes = Math.max(MIN_CHUNK_BYTES, Math.min(CHUNK_BYTES, affordable));
    this.#bytesLeft = limits.maxSearchBytes;
  }

  /** False when a limit of the whole search was reached. */
  async search(place: string, signal: AbortSignal): Promise<boolean> {
    try {
      using file = await this.#workspace.pin(place);
      if (!file.stats.isFile()) return true;
      if (this.#bytesLeft <= 0) {
        this.#stop = 'bytes';
        return false;
      }
      using handle = file.openForReading();
      const maxBytes = Math.min(this.#limits.maxFileBytes, this.#bytesLeft);
      const bounds = { maxBytes, maxLineChars: this.#lineChars, chunkBytes: this.#chunkBytes };
      const lines = readLines(handle, Number(file.stats.size), bounds, signal);
      const end = await this.#searchLines(place, lines);
      if (end !== 'binary') this.#bytesLeft -= Math.min(Number(file.stats.size), maxBytes);
      if (end === 'limit' && maxBytes < this.#limits.maxFileBytes) this.#stop = 'bytes';
      else if (end === 'limit') this.#cutFiles += 1;
    } catch (thrown) {
      signal.throwIfAborted();
      if (!(fileProblem(place, thrown) instanceof KheishError)) throw thrown;
      // What is gone or hidden is not even counted.
      if (!isNotFound(thrown)) this.#unreadable += 1;
    }
    return this.#stop === undefined;
  }

  async #searchLines(
    place: string,
    lines: AsyncGenerator<readonly TextLine[], TextEnd>,
  ): Promise<TextEnd> {
    const name = this.#workspace.name(place);
    let number = 0;
    try {
      for (;;) {
        const batch = await lines.next();
        if (batch.done === true) return batch.value;
        for (const line of batch.value) {
          number += 1;
          if (line.omitted > 0) this.#cutLines += 1;
          const text = line.text.endsWith('\r') ? line.text.slice(0, -1) : line.text;
          if (!this.#matcher.matches(text)) continue;
          if (!this.#report(`${name}:${number}`, text, line.omitted)) return 'end';
        }
      }
    } finally {
      await lines.return('end');
    }
  }

  #report(at: string, text: string, omitted: number): boolean {
    const room = Math.min(SHOWN_CHARS, this.#text.roomForOne);
    const shown = text.slice(0, room).replace(/[\ud800-\udbff]$/, '');
    const entry = `${at}: ${shown}${cutNote(text.length - shown.length + omitted)}\n`;
    if (this.#matches === this.#limits.maxResults || !this.#text.add(entry)) {
      this.#stop = 'results';
      return false;
    }
    this.#matches += 1;
    return true;
  }

  /** Writes down what was left out. */
  conclude(): void {
    const { maxFileBytes, maxSearchBytes } = this.#limits;
    if (this.#stop === 'results') {
      this.#text.note(`Cut after ${this.#matches} matches. Narrow the pattern or the path.`);
    } else if (this.#matches === 0) this.#text.note('No line matches.');
    if (this.#stop === 'bytes') {
      this.#text.note(`Stopped after ${maxSearchBytes} bytes. Search a smaller part by \`path\`.`);
    }
    if (this.#cutFiles > 0) {
      this.#text.note(
        `Searched only in their first ${maxFileBytes} bytes: ${this.#cutFiles} files.`,
      );
    }
    if (this.#cutLines > 0) {
      this.#text.note(
        `Searched only in their first ${this.#lineChars} characters: ${this.#cutLines} lines.`,
      );
    }
    if (this.#unreadable > 0) this.#text.note(`Files that could not be read: ${this.#unreadable}.`);
  }
}
