import { type JsonObject, KheishError } from '@kheish/core-model';
import * as v from 'valibot';

/** The input as its schema has it. Throws `tools/invalid_input` with the first thing that is wrong with it. */
export function parseInput<Input>(
  schema: v.GenericSchema<unknown, Input>,
  input: JsonObject,
): Input {
  const result = v.safeParse(schema, input);
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  const detail = path === null ? issue.message : `${path}: ${issue.message}`;
  throw new KheishError('tools/invalid_input', detail);
}
