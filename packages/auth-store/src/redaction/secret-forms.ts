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

/** A secret as it may appear in a log: as it is, in JSON, URL-encoded, in base64 of either alphabet at any offset. */
export function formsOf(secret: string): ReadonlySet<string> {
  const bytes = Buffer.from(secret);
  const whole = bytes.toString('base64');
  const encoded = encodeURIComponent(secret.toWellFormed());
  const base64 = [
    whole,
    whole.replace(/=+$/, ''),
    ...([0, 1, 2] as const).map((shift) => base64Core(bytes, shift)),
  ];
  return new Set([
    secret,
    JSON.stringify(secret).slice(1, -1),
    encoded,
    encoded.replace(/%[0-9A-F]{2}/g, (escape) => escape.toLowerCase()),
    ...base64,
    ...base64.map(urlAlphabet),
  ]);
}
