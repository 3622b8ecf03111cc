import { HEAD_BYTES, type TextEncodingName, encodingOf } from './encoding.ts';

/** The text of a whole file, so that what is not changed comes back byte for byte. */
export interface FileText {
  /** Without its byte order mark. */
  readonly text: string;
  readonly encoding: TextEncodingName;
  readonly hasMark: boolean;
}

/** Undefined for what is not text, or not wholly. */
export function decodeText(content: Buffer): FileText | undefined {
  const encoding = encodingOf(content.subarray(0, HEAD_BYTES));
  if (encoding === undefined) return undefined;
  try {
    const text = new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(content);
    const hasMark = text.startsWith('\ufeff');
    return { text: hasMark ? text.slice(1) : text, encoding, hasMark };
  } catch {
    return undefined;
  }
}

export function encodeText({ text, encoding, hasMark }: FileText): Buffer {
  const whole = hasMark ? `\ufeff${text}` : text;
  if (encoding === 'utf-8') return Buffer.from(whole);
  const bytes = Buffer.from(whole, 'utf16le');
  return encoding === 'utf-16le' ? bytes : bytes.swap16();
}

/** Whether every line of the text ends with CR LF, and there is one. */
export function endsLinesWithCrLf(text: string): boolean {
  return text.includes('\n') && !/(?<!\r)\n/.test(text);
}

export function withCrLf(text: string): string {
  return text.replace(/\r?\n/g, '\r\n');
}

export function withLf(text: string): string {
  return text.replaceAll('\r\n', '\n');
}
