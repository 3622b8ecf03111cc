import { KheishError, type Operation, isJsonObject, isProblemCode } from '@kheish/core-model';
import { UnexpectedAnswer } from '../errors.ts';

/** What an operation answered, as its type says; throws what the answer reports, or `UnexpectedAnswer`. */
export function decodeAnswer(operation: Operation, response: Response, text: string): unknown {
  if (!response.ok) throw problemOf(response, text);
  if (operation.response === 'text') return text;
  const value = parse(response.status, text);
  if (typeof operation.response === 'string') return value;
  const mismatch = mismatchOf(operation.response, value);
  if (mismatch === undefined) return value;
  throw new UnexpectedAnswer(
    response.status,
    `the answer of ${operation.method} ${operation.path} is not of this client's version: ${mismatch}`,
  );
}

class ReportedByDaemon extends Error {
  constructor() {
    super('reported by the daemon');
    this.name = 'ReportedByDaemon';
  }
}

/** Whether the daemon reported the problem; otherwise this client refused before it asked. */
export function isReportedByDaemon(error: KheishError): boolean {
  return error.cause instanceof ReportedByDaemon;
}

/** The error that an answer without success reports (RFC 9457). */
export function problemOf(response: Response, text: string): KheishError | UnexpectedAnswer {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    body = undefined;
  }
  if (
    isJsonObject(body) &&
    typeof body['domain'] === 'string' &&
    typeof body['code'] === 'string'
  ) {
    const name = `${body['domain']}/${body['code']}`;
    const detail = typeof body['detail'] === 'string' ? body['detail'] : response.statusText;
    if (isProblemCode(name)) {
      const retryAfterMs = retryAfter(body['retry_after_ms'], response.headers.get('retry-after'));
      return new KheishError(name, detail, {
        cause: new ReportedByDaemon(),
        ...(retryAfterMs !== undefined && { retryAfterMs }),
      });
    }
    return new UnexpectedAnswer(
      response.status,
      `daemon returned ${response.status} (${name}): ${detail}`,
    );
  }
  return new UnexpectedAnswer(
    response.status,
    `daemon returned ${response.status} without problem details`,
  );
}

function retryAfter(ms: unknown, header: string | null): number | undefined {
  if (typeof ms === 'number') return ms;
  const seconds = header === null || header.trim() === '' ? Number.NaN : Number(header);
  return Number.isFinite(seconds) ? seconds * 1_000 : undefined;
}

function parse(status: number, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new UnexpectedAnswer(status, 'the answer is not JSON', cause);
  }
}

interface Issue {
  readonly message: string;
  readonly type?: string;
  readonly expected?: string | null;
  readonly path?: readonly { readonly key: unknown }[];
}

/** Fields that this version does not know yet are let pass: a newer daemon may add some. */
function mismatchOf(
  schema: Exclude<Operation['response'], string>,
  value: unknown,
): string | undefined {
  const result = schema['~standard'].validate(value) as { issues?: readonly Issue[] };
  const issue = result.issues?.find(
    ({ type, expected }) => type !== 'strict_object' || expected !== 'never',
  );
  if (issue === undefined) return undefined;
  const where = (issue.path ?? []).map(({ key }) => String(key)).join('.');
  return where === '' ? issue.message : `${where}: ${issue.message}`;
}
