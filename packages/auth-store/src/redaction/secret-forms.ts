/** Characters. Shorter lines of a long secret stand in other texts, too. */
const SHORTEST_LINE = 16;

/**
 * The characters of base64 that the bytes alone decide when they stand `shift` bytes after a group's start, as in
 * `user:secret`: the first and last character may mix with neighbours and are left out.
 */
function base64Core(bytes: Buffer, shift: 0 | 1 | 2): string {
  const encoded = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
  const begin = Math.ceil((shift * 8) / 6);
  const end = Math.floor(((shift + bytes.length) * 8) / 6);
  return encoded.slice(begin, end);
}

function urlAlphabet(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}

/** Bytes of UTF-8, each as one character: what a stream of bytes has. */
function asBytes(text: string): string {
  return Buffer.from(text).toString('latin1');
}

/** What of a secret of several lines, as of a private key, is shown alone where lines are numbered. */
function linesOf(secret: string): string[] {
  if (!secret.includes('\n')) return [];
  return secret
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line.length >= SHORTEST_LINE && !line.startsWith('-----'));
}

/** A secret as it may appear in a text: as it is, in JSON, URL-encoded, in base64 of either alphabet at any offset. */
export function formsOf(secret: string): ReadonlySet<string> {
  return new Set([secret, ...linesOf(secret)].flatMap(encodingsOf));
}

function encodingsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const whole = bytes.toString('base64');
  const encoded = encodeURIComponent(secret.toWellFormed());
  const json = JSON.stringify(secret).slice(1, -1);
  const base64 = [
    whole,
    whole.replace(/=+$/, ''),
    ...([0, 1, 2] as const).map((shift) => base64Core(bytes, shift)),
  ];
  return [
    secret,
    json,
    asBytes(secret),
    asBytes(json),
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    ...base64,
    ...base64.map(urlAlphabet),
  ];
}
