import { type JsonObject, KheishError } from '@kheish/core-model';
import * as v from 'valibot';

/** Throws `tools/invalid_input`, which names every field that does not fit. */
export function parseInput<Input>(
  schema: v.GenericSchema<unknown, Input>,
  input: JsonObject,
): Input {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  throw new KheishError('tools/invalid_input', result.issues.map(describeIssue).join('; '));
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  return path === null ? issue.message : `${path}: ${issue.message}`;
}
