import { type ProblemCode, problems } from './problems.ts';

export interface KheishErrorOptions {
  readonly cause?: unknown;
  /** Milliseconds after which the same request may succeed. */
  readonly retryAfterMs?: number;
}

/** The one error class. Behaviour follows from `code`, never from the message. */
export class KheishError extends Error {
  readonly code: ProblemCode;
  readonly retryAfterMs: number | undefined;

  constructor(code: ProblemCode, detail: string, options: KheishErrorOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'KheishError';
    this.code = code;
    this.retryAfterMs = options.retryAfterMs;
  }

  get status(): number {
    return problems[this.code].status;
  }

  get retryable(): boolean {
    return 'retryable' in problems[this.code];
  }

  get domain(): string {
    return this.code.slice(0, this.code.indexOf('/'));
  }

  /** The part after the slash, as it stands on the wire. */
  get shortCode(): string {
    return this.code.slice(this.code.indexOf('/') + 1);
  }
}

/** Anything thrown, as a `KheishError`; an error without a code is a bug of ours and becomes `fallback`. */
export function toKheishError(
  thrown: unknown,
  fallback: ProblemCode = 'api/internal_error',
): KheishError {
  if (thrown instanceof KheishError) return thrown;
  const text = thrown instanceof Error ? thrown.message : thrown;
  const detail = typeof text === 'string' ? text : 'an unknown error';
  return new KheishError(fallback, detail, { cause: thrown });
}
