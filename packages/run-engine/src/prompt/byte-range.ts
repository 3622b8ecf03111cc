/** The first byte of the character that the byte at `offset` belongs to. */
export function characterStart(bytes: Buffer, offset: number): number {
  let start = Math.min(offset, bytes.length);
  while (start > 0 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start -= 1;
  return start;
}
