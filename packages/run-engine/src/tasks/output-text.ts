const EXCERPT_BYTES = 500;

const isContinuation = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80;

/** Bytes of a character's end at the start: at most three. */
export function cutAtStart(bytes: Buffer): number {
  let cut = 0;
  while (cut < 3 && isContinuation(bytes[cut])) cut += 1;
  return cut;
}

/** Bytes of a character's beginning at the end, whose rest is missing. */
export function cutAtEnd(bytes: Buffer): number {
  for (let back = 1; back <= 3; back += 1) {
    const byte = bytes.at(-back) ?? 0;
    if (isContinuation(byte)) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? back : 0;
  }
  return 0;
}

/** All of it as text; what is not UTF-8 becomes a replacement character. */
export function wholeText(bytes: Buffer): string {
  return bytes.subarray(cutAtStart(bytes)).toString();
}

/** The end of it, for lists. */
export function excerptOf(bytes: Buffer): string {
  return wholeText(bytes.subarray(Math.max(0, bytes.length - EXCERPT_BYTES)));
}
