import type { OpenFile } from '../workspace/open-file.ts';
import { HEAD_BYTES, encodingOf } from './encoding.ts';
import { ownTurn } from './own-turn.ts';

export const CHUNK_BYTES = 65_536;

export interface TextLine {
  /** Without its line feed; at most `maxLineChars` UTF-16 units. */
  readonly text: string;
  /** UTF-16 units left out at the end of the line. */
  readonly omitted: number;
  /** False only for a last line without a line feed. */
  readonly ended: boolean;
}

export interface TextLimits {
  readonly maxBytes: number;
  readonly maxLineChars: number;
  /** Bytes between two turns of the event loop: every chunk is awaited from the disk. */
  readonly chunkBytes: number;
}

/** Where reading ended: at the end of the file, at `maxBytes`, or at once because it is no text. */
export type TextEnd = 'end' | 'limit' | 'binary';

/** A piece of this size costs so little that it need not wait for its turn. */
const BYTES_AT_ONCE = 8192;

/**
 * The lines of a file, a chunk at a time; `size` in bytes says how much is probably there. Bytes that do not fit the
 * encoding become U+FFFD. The generator's return value tells where reading ended.
 */
export async function* readLines(
  file: OpenFile,
  size: number,
  limits: TextLimits,
  signal: AbortSignal,
): AsyncGenerator<readonly TextLine[], TextEnd> {
  const { chunkBytes, maxBytes } = limits;
  // One byte more than is there, so that the first read shows the end too.
  let asked = Math.min(Math.max(size + 1, HEAD_BYTES), Math.max(chunkBytes, HEAD_BYTES));
  const buffer = Buffer.allocUnsafe(asked);
  let bytesRead = await file.read(buffer, asked, 0);
  const encoding = encodingOf(buffer.subarray(0, Math.min(bytesRead, HEAD_BYTES)));
  if (encoding === undefined) return 'binary';
  const decoder = new TextDecoder(encoding);
  const splitter = lineSplitter(limits.maxLineChars);
  for (let position = 0; ;) {
    if (bytesRead > BYTES_AT_ONCE) await ownTurn();
    signal.throwIfAborted();
    const taken = Math.min(bytesRead, chunkBytes, maxBytes - position);
    yield splitter.push(decoder.decode(buffer.subarray(0, taken), { stream: true }));
    position += taken;
    // A regular file gives less than was asked for only at its end.
    const ended = taken === bytesRead && bytesRead < asked;
    if (ended || (position === maxBytes && taken < bytesRead)) {
      yield splitter.end(decoder.decode());
      return ended ? 'end' : 'limit';
    }
    asked = Math.min(chunkBytes, buffer.length, maxBytes - position + 1);
    bytesRead = await file.read(buffer, asked, position);
  }
}

function lineSplitter(maxLineChars: number) {
  let kept = '';
  let length = 0;
  const take = (piece: string): void => {
    if (kept.length < maxLineChars) kept += piece.slice(0, maxLineChars - kept.length);
    length += piece.length;
  };
  const finish = (ended: boolean): TextLine => {
    // A cut between the halves of a surrogate pair would leave half a character.
    const text = length > kept.length ? kept.replace(/[\ud800-\udbff]$/, '') : kept;
    const line = { text, omitted: length - text.length, ended };
    kept = '';
    length = 0;
    return line;
  };
  const push = (text: string): TextLine[] => {
    const lines: TextLine[] = [];
    let from = 0;
    for (let feed = text.indexOf('\n'); feed >= 0; feed = text.indexOf('\n', from)) {
      take(text.slice(from, feed));
      lines.push(finish(true));
      from = feed + 1;
    }
    take(text.slice(from));
    return lines;
  };
  return {
    push,
    end: (text: string): TextLine[] => {
      const lines = push(text);
      return length === 0 ? lines : [...lines, finish(false)];
    },
  };
}
