/**
 * How long a response asks to wait, in milliseconds. `Retry-After` is seconds or an HTTP date (RFC 9110
 * section 10.2.3); some providers add a finer header in milliseconds, which wins.
 */
export function retryAfterMs(
  headers: Readonly<Record<string, string>>,
  now: number,
): number | undefined {
  for (const name of ['retry-after-ms', 'x-ms-retry-after-ms']) {
    const ms = amount(headers[name]);
    if (ms !== undefined) return Math.round(ms);
  }
  const value = headers['retry-after'];
  const seconds = amount(value);
  if (seconds !== undefined) return Math.round(seconds * 1000);
  const date = value === undefined ? NaN : Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function amount(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined;
}
