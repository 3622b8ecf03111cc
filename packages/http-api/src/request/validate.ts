import { KheishError } from '@kheish/core-model';
import * as v from 'valibot';

/** Longest piece of a caller's own name that an answer repeats. */
const SHOWN_NAME = 100;

/**
 * The value as the schema gives it. Throws `api/unsupported_field` for a field it does not know and `api/bad_request`
 * for all else; the detail names the field and what is expected, never the value.
 */
export function validate<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  subject: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value, { message: expectation });
  if (result.success) return result.output;
  const issues = result.issues as v.BaseIssue<unknown>[];
  const unknown = issues.find(isUnknownField);
  if (unknown !== undefined) {
    throw new KheishError(
      'api/unsupported_field',
      `${subject} has the unsupported field "${fieldName(unknown)}".`,
    );
  }
  const [issue] = issues;
  const name = issue === undefined ? '' : fieldName(issue);
  const where = name === '' ? subject : `${subject}, field "${name}"`;
  throw new KheishError('api/bad_request', `${where}: ${issue?.message ?? 'not valid.'}`);
}

function isUnknownField(issue: v.BaseIssue<unknown>): boolean {
  return issue.type === 'strict_object' && issue.expected === 'never';
}

/** Valibot's own messages repeat what was received, which may be a secret. */
function expectation(issue: v.BaseIssue<unknown>): string {
  if (issue.path?.at(-1)?.origin === 'key') return 'the field is required.';
  return issue.expected === null ? 'not valid.' : `expected ${issue.expected}.`;
}

function fieldName(issue: v.BaseIssue<unknown>): string {
  return shownName((issue.path ?? []).map((item) => String(item.key)).join('.'));
}

export function shownName(name: string): string {
  return name.slice(0, SHOWN_NAME).toWellFormed().replaceAll(/\p{C}/gu, '?');
}
