import type { CappedText } from '../../text/capped-text.ts';
import { ownTurn } from '../../text/own-turn.ts';
import { type PageFormat, PageLayout } from './page-layout.ts';
import { PageWriter } from './page-writer.ts';

/** Characters parsed in one turn of the event loop. */
const PIECE_CHARS = 16_384;
/** As browsers do; the parser's time for an element grows with its depth. */
const MAX_DEPTH = 512;

export interface PageReading {
  /** Where the relative links of the page lead. */
  readonly base: string;
  readonly format: PageFormat;
  readonly signal: AbortSignal;
}

export interface PageEnd {
  readonly title: string;
  /** The page nests deeper than it is read. */
  readonly isTooDeep: boolean;
}

/** Reads HTML as it comes into `out`, until it ends or `out` is full. */
export async function readPage(
  pieces: AsyncIterable<string>,
  out: CappedText,
  reading: PageReading,
): Promise<PageEnd> {
  const { Parser } = await import('htmlparser2');
  const layout = new PageLayout(new PageWriter(out), reading.base, reading.format);
  let isTooDeep = false;
  const parser = new Parser({
    onopentag: (name, attributes) => {
      layout.open(name, attributes);
      isTooDeep ||= layout.depth > MAX_DEPTH;
      if (isTooDeep || out.isCut) parser.pause();
    },
    onclosetag: () => layout.close(),
    ontext: (text) => layout.text(text),
  });
  for await (const piece of pieces) {
    for (let from = 0; from < piece.length; from += PIECE_CHARS) {
      await ownTurn();
      reading.signal.throwIfAborted();
      parser.write(piece.slice(from, from + PIECE_CHARS));
      if (isTooDeep || out.isCut) return { title: layout.title, isTooDeep };
    }
  }
  parser.end();
  return { title: layout.title, isTooDeep };
}
