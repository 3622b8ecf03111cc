/** Bytes looked at to tell text from anything else. */
export const HEAD_BYTES = 8192;

export type TextEncodingName = 'utf-8' | 'utf-16le' | 'utf-16be';

/** By byte order mark, else UTF-8; undefined for what is not text: it has a NUL byte near its start. */
export function encodingOf(head: Uint8Array): TextEncodingName | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return 'utf-16le';
  if (head[0] === 0xfe && head[1] === 0xff) return 'utf-16be';
  return head.includes(0) ? undefined : 'utf-8';
}
