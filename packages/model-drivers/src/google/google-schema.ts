import { type Json, type JsonObject, isJsonObject } from '@kheish/core-model';

/** What Gemini reads of JSON Schema; a keyword beyond it is refused with the whole request. */
const known = new Set([
  '$id',
  '$defs',
  '$ref',
  '$anchor',
  'type',
  'format',
  'title',
  'description',
  'enum',
  'items',
  'prefixItems',
  'minItems',
  'maxItems',
  'minimum',
  'maximum',
  'anyOf',
  'oneOf',
  'properties',
  'additionalProperties',
  'required',
  'propertyOrdering',
]);

/** Keywords whose value is one schema, or a list of them. */
const nested = new Set(['items', 'prefixItems', 'anyOf', 'oneOf', 'additionalProperties']);
/** Keywords whose value has schemas by name. */
const named = new Set(['properties', '$defs']);

/** The schema in the words that Gemini knows. What it then lets pass too much, the tool refuses itself. */
export function googleSchema(schema: JsonObject): JsonObject {
  const words: JsonObject = {};
  for (const [keyword, value] of Object.entries(schema)) {
    if (keyword === 'const' && schema['enum'] === undefined) words['enum'] = [value];
    if (!known.has(keyword)) continue;
    if (nested.has(keyword)) words[keyword] = schemasIn(value);
    else if (named.has(keyword) && isJsonObject(value)) words[keyword] = schemasByName(value);
    else words[keyword] = value;
  }
  return words;
}

function schemasIn(value: Json): Json {
  if (Array.isArray(value)) return value.map(schemasIn);
  return isJsonObject(value) ? googleSchema(value) : value;
}

function schemasByName(schemas: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => [name, schemasIn(schema)]),
  );
}
