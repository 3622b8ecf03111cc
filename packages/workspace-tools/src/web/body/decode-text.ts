import { TextDecoder } from 'node:util';
import { HEAD_BYTES, encodingOf } from '../../text/encoding.ts';
import type { MediaType } from './media-type.ts';

/** How far into a page its own word on its encoding is looked for (WHATWG HTML, prescan of a byte stream). */
const PRESCAN_BYTES = 1024;

export interface DecodedText {
  readonly kind: 'html' | 'text' | 'binary';
  /** Line ends are line feeds. */
  readonly pieces: AsyncIterable<string>;
}

/** Decides by header, byte order mark and first bytes what a body is. What is binary has no pieces. */
export async function decodeText(
  bytes: AsyncIterable<Uint8Array>,
  type: MediaType,
): Promise<DecodedText> {
  const source = bytes[Symbol.asyncIterator]();
  const head = await headOf(source);
  const latin = Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('latin1');
  const kind = type.kind === 'unknown' ? sniffedKind(latin) : type.kind;
  const decoder = decoderOf(head, latin, type.charset);
  const isBinary =
    kind === 'binary' || (head.includes(0) && !decoder.encoding.startsWith('utf-16'));
  if (isBinary) await source.return?.();
  const pieces = isBinary ? nothing() : decoded(head, source, decoder);
  return { kind: isBinary ? 'binary' : kind, pieces };
}

async function* nothing(): AsyncGenerator<string> {}

async function headOf(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for (let length = 0; length < HEAD_BYTES;) {
    const next = await source.next();
    if (next.done === true) break;
    chunks.push(next.value);
    length += next.value.byteLength;
  }
  return Buffer.concat(chunks);
}

function sniffedKind(head: string): 'html' | 'text' {
  return /^\s*(?:<!--.*?-->\s*)?<(?:!doctype\s+html|html|head|body)\b/is.test(head)
    ? 'html'
    : 'text';
}

/** A byte order mark beats the header, which beats what the text says of itself. */
function decoderOf(head: Uint8Array, latin: string, charset: string | undefined): TextDecoder {
  const marked = encodingOf(head.subarray(0, 2));
  if (marked !== undefined && marked !== 'utf-8') return new TextDecoder(marked);
  if (head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf) return new TextDecoder();
  const own = /<(?:meta|\?xml)[^>]{0,200}?(?:charset|encoding)\s*=\s*["']?\s*([\w:.-]{1,40})/i.exec(
    latin.slice(0, PRESCAN_BYTES),
  )?.[1];
  // Whoever could write ASCII letters to say so does not write UTF-16.
  return decoderNamed(charset) ?? decoderNamed(own?.replace(/^utf-16.*/i, '')) ?? new TextDecoder();
}

function decoderNamed(label: string | undefined): TextDecoder | undefined {
  if (label === undefined || label === '') return undefined;
  try {
    return new TextDecoder(label);
  } catch {
    return undefined;
  }
}

async function* decoded(
  head: Uint8Array,
  rest: AsyncIterator<Uint8Array>,
  decoder: TextDecoder,
): AsyncGenerator<string> {
  try {
    yield withLineFeeds(decoder.decode(head, { stream: true }));
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) {
      yield withLineFeeds(decoder.decode(next.value, { stream: true }));
    }
    yield withLineFeeds(decoder.decode());
  } finally {
    await rest.return?.();
  }
}

function withLineFeeds(piece: string): string {
  return piece.replace(/\r(?=\n|$)/g, '').replaceAll('\r', '\n');
}
