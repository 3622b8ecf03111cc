import type { EgressResponse } from '@kheish/egress';
import type { CappedText } from '../text/capped-text.ts';
import { BoundedBytes } from './body/bounded-bytes.ts';
import { decompressed } from './body/content-coding.ts';
import { decodeText } from './body/decode-text.ts';
import { mediaTypeOf } from './body/media-type.ts';
import type { PageFormat } from './page/page-layout.ts';
import { readPage } from './page/read-page.ts';

export interface FetchedText {
  /** Of the page; empty where it has none. */
  readonly title: string;
  /** What is to be said of what was read: whole sentences of ours. */
  readonly remarks: readonly string[];
}

export interface TextReading {
  readonly format: PageFormat;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** Reads the text of an answer into `out`. What is no text is described instead, and its body left. */
export async function fetchedText(
  response: EgressResponse,
  out: CappedText,
  reading: TextReading,
): Promise<FetchedText> {
  const { headers, body } = response;
  const type = mediaTypeOf(headers['content-type']);
  if (type.kind === 'binary') {
    await body[Symbol.asyncIterator]().return?.();
    return { title: '', remarks: [describeBinary(headers)] };
  }
  const bounded = new BoundedBytes(reading.maxBytes);
  const plain = decompressed(headers['content-encoding'], body);
  const { kind, pieces } = await decodeText(bounded.of(plain), type);
  if (kind === 'binary') return { title: '', remarks: [describeBinary(headers)] };
  if (kind === 'text') await readText(pieces, out, reading.signal);
  const page = kind === 'html' && (await readPage(pieces, out, { ...reading, base: response.url }));
  const remarks = [
    ...(bounded.isCut ? [`Only the first ${reading.maxBytes} bytes of the body were read.`] : []),
    ...(page && page.isTooDeep ? ['The page nests too deep: the rest of it was not read.'] : []),
  ];
  return { title: page ? page.title : '', remarks };
}

async function readText(
  pieces: AsyncIterable<string>,
  out: CappedText,
  signal: AbortSignal,
): Promise<void> {
  for await (const piece of pieces) {
    signal.throwIfAborted();
    out.add(piece);
    if (out.isCut) return;
  }
}

function describeBinary(headers: Readonly<Record<string, string>>): string {
  const length = /^\d{1,16}$/.exec(headers['content-length'] ?? '')?.[0];
  const size = length === undefined ? 'of a size that was not stated' : `of ${length} bytes`;
  return `The body is not text and was left out: ${mediaTypeOf(headers['content-type']).essence ?? 'something'} ${size}.`;
}
