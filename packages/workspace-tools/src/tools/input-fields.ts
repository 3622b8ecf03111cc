import type { JsonSchema } from '@kheish/core-model';
import * as v from 'valibot';

// Each field twice: as parsed here and as told to models. A test holds the two together.

const MAX_PATTERN_CHARACTERS = 1000;
const MAX_LINE_NUMBER = 1_000_000_000;

// Half of a surrogate pair would be written as another character.
export const Text = v.pipe(
  v.string(),
  v.check((text) => text.isWellFormed(), 'Invalid text: half of a surrogate pair'),
);
export const NonEmptyText = v.pipe(Text, v.minLength(1));
export const Path = v.pipe(Text, v.minLength(1));
export const Pattern = textUpTo(MAX_PATTERN_CHARACTERS);
export const Flag = v.boolean();
const DIGEST = '^(sha256:)?[0-9a-f]{64}$';
export const Sha256 = v.pipe(v.string(), v.regex(new RegExp(DIGEST)));
export const PositiveInteger = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(MAX_LINE_NUMBER),
);

/** Some text; JSON Schema counts characters, not UTF-16 units. */
export function textUpTo(maxCharacters: number) {
  return v.pipe(
    v.string(),
    v.minLength(1),
    v.check(
      (text) => Array.from(text).length <= maxCharacters,
      `Invalid length: Expected <=${maxCharacters} characters`,
    ),
  );
}

export function pathField(description: string): JsonSchema {
  return { type: 'string', minLength: 1, description };
}

export function textField(description: string, minLength = 0): JsonSchema {
  return { type: 'string', minLength, description };
}

export function flagField(description: string): JsonSchema {
  return { type: 'boolean', description };
}

export function sha256Field(): JsonSchema {
  const description = 'Change nothing unless the file has this SHA-256 (hexadecimal) now.';
  return { type: 'string', pattern: DIGEST, description };
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
