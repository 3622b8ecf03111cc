const MAX_LENGTH = 300;

/** Anything shaped like a key or a bearer token, also when the provider has starred a part of it. */
const KEY_LIKE =
  /\b(?:sk|key|pk|rk|xai|gsk)-[\w*.-]{6,}|\bAIza[\w*-]{6,}|\bbearer\s+[\w*.~+/-]{6,}=*/gi;

/** A provider's own words, short, on one line and without secrets. */
export function sanitizedMessage(text: string, secrets: readonly string[]): string {
  let message = text;
  for (const secret of secrets) {
    if (secret !== '') message = message.replaceAll(secret, '[redacted]');
  }
  message = message
    .replace(KEY_LIKE, '[redacted]')
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
  return message.length > MAX_LENGTH
    ? `${message.slice(0, MAX_LENGTH).toWellFormed()}...`
    : message;
}
