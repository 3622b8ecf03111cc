import { KheishError, problemDetails } from '@kheish/core-model';

export interface ProblemAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Any thrown value as an answer. What is not a `KheishError` is a bug and tells the caller nothing. */
export function problemAnswer(thrown: unknown, redact = (text: string) => text): ProblemAnswer {
  const error = publicError(thrown);
  const headers: Record<string, string> = { 'Content-Type': 'application/problem+json' };
  if (error.retryAfterMs !== undefined) {
    headers['Retry-After'] = String(Math.ceil(error.retryAfterMs / 1_000));
  }
  if (error.status === 401) headers['WWW-Authenticate'] = 'Bearer realm="kheish-daemon"';
  const details = problemDetails(error);
  return {
    status: error.status,
    headers,
    body: JSON.stringify({ ...details, detail: redact(details.detail) }),
  };
}

function publicError(thrown: unknown): KheishError {
  if (thrown instanceof KheishError && thrown.code !== 'api/internal_error') return thrown;
  return new KheishError('api/internal_error', 'The daemon failed to answer this request.');
}
