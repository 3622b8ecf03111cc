/** Longer lines than any that an export has: not worth the memory. */
const MAX_LINE_BYTES = 4_000_000;
const LINE_FEED = 0x0a;

export interface Line {
  readonly bytes: Uint8Array;
  /** Undefined where the bytes are not UTF-8. */
  readonly text: string | undefined;
}

/** Lines with their bytes, without the line feed. What follows the last line feed is `rest`. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  rest: (bytes: number) => void,
): AsyncGenerator<Line> {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let kept: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunks) {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(LINE_FEED, from);
      if (end < 0) break;
      const tail = chunk.subarray(from, end);
      const bytes = kept.length === 0 ? tail : Buffer.concat([...kept, tail]);
      kept = [];
      length = 0;
      from = end + 1;
      yield { bytes, text: decoded(utf8, bytes) };
    }
    if (from === chunk.length) continue;
    length += chunk.length - from;
    if (length > MAX_LINE_BYTES) break;
    kept.push(chunk.slice(from));
  }
  rest(length);
}

function decoded(utf8: InstanceType<typeof TextDecoder>, bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}
