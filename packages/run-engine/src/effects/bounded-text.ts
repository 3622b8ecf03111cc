/** The beginning of a text, at most so many bytes of UTF-8, and a note where something is missing. */
export function boundedText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text;
  const cut = Buffer.from(text)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
  return `${cut}\n[cut after ${maxBytes} bytes]`;
}
