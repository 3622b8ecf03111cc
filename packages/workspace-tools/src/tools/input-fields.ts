import type { JsonSchema } from '@kheish/core-model';
import * as v from 'valibot';

// Each field twice: as parsed here and as told to models. A test holds the two together.

const MAX_PATTERN_CHARACTERS = 1000;
const MAX_LINE_NUMBER = 1_000_000_000;

export const Path = v.pipe(v.string(), v.minLength(1));
export const Pattern = v.pipe(
  v.string(),
  v.minLength(1),
  v.check(
    (pattern) => Array.from(pattern).length <= MAX_PATTERN_CHARACTERS,
    `Invalid length: Expected <=${MAX_PATTERN_CHARACTERS} characters`,
  ),
);
export const PositiveInteger = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(MAX_LINE_NUMBER),
);

export function pathField(description: string): JsonSchema {
  return { type: 'string', minLength: 1, description };
}

export function patternField(description: string): JsonSchema {
  return { type: 'string', minLength: 1, maxLength: MAX_PATTERN_CHARACTERS, description };
}

export function positiveIntegerField(description: string): JsonSchema {
  return { type: 'integer', minimum: 1, maximum: MAX_LINE_NUMBER, description };
}

export function inputObject(fields: JsonSchema, required: string[]): JsonSchema {
  return { type: 'object', properties: fields, required, additionalProperties: false };
}
