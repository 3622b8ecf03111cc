import type { SeededChance } from '../../harness/seeded-chance.ts';
import type { ApiDocument, Schema } from './api-document.ts';

export function oneOf<T>(chance: SeededChance, values: readonly T[]): T {
  return values[chance.between(0, values.length - 1)] as T;
}

/** True once in so many. */
export function once(chance: SeededChance, times: number): boolean {
  return chance.between(1, times) === 1;
}

const hostile: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  -0,
  Number.MAX_SAFE_INTEGER,
  2 ** 63,
  '',
  ' ',
  '\u0000',
  '..',
  '😀',
  '\u202e',
  'toString',
  '${7*7}',
  "' OR 1=1--",
  'x'.repeat(300),
  'y'.repeat(70_000),
  [],
  {},
  [[[]]],
  { type: 'run_completed' },
  { toString: 1, valueOf: null, hasOwnProperty: {} },
];

const words = ['a', 'main', 'hello there', '7', 'é'];

/** What a field of this name may well have, where its schema says no more than `string`. */
const likely: Readonly<Record<string, readonly string[]>> = {
  content: [
    'hello',
    'scripted: say 3 words',
    'scripted: call list_files {"path":"."}',
    'scripted: call read_file {"path":"../state/kheish.db"}',
    'scripted: fail models/overloaded',
    'scripted: call write_file {"path":"made","content":"hello"}',
    'scripted: call task_create {"title":"something to do"}',
    'scripted: call ask_user_question {"questions":[{"id":"a","question":"Well?"}]}',
    'scripted: pause 20 per word\nscripted: say 9 words',
    '\u0000',
  ],
  session_id: ['a', 'b', 'c', 'd', 'e', 'f/g', '😀', '__proto__'],
  slot_id: ['a', 'b', 'c.d', 'e-f'],
  provider: ['scripted', 'scripted', 'none'],
  route_id: ['scripted', 'scripted', 'none'],
  model: ['scripted/scripted', 'scripted', 'none/none'],
  fallback_model: ['scripted/scripted', 'none'],
  idempotency_key: ['k1', 'k2', 'k3'],
};

/** A value that fits the schema. Secrets are the given one. */
export function fitting(
  document: ApiDocument,
  schema: Schema,
  chance: SeededChance,
  secret: string,
  name = '',
): unknown {
  const { type, ...shape } = document.resolved(schema);
  const make = (inner: Schema, key: string) => fitting(document, inner, chance, secret, key);
  if ('const' in shape) return shape.const;
  if (shape.enum !== undefined) return oneOf(chance, shape.enum);
  const options = shape.oneOf ?? shape.anyOf;
  if (options !== undefined) return make(oneOf(chance, options), name);
  switch (type) {
    case 'object': {
      const keys = Object.keys(shape.properties ?? {}).filter(
        (key) => shape.required?.includes(key) === true || once(chance, 4),
      );
      if (shape.properties === undefined) return { note: oneOf(chance, words) };
      return Object.fromEntries(keys.map((key) => [key, make(shape.properties?.[key] ?? {}, key)]));
    }
    case 'array':
      return Array.from({ length: chance.between(0, 3) }, () => make(shape.items ?? {}, name));
    case 'integer':
      return chance.between(shape.minimum ?? 0, Math.min(shape.maximum ?? 2_000, 2_000));
    case 'number':
      return chance.between(shape.minimum ?? 0, Math.min(shape.maximum ?? 2, 2_000));
    case 'boolean':
      return once(chance, 2);
    case 'null':
      return null;
    default:
      if (name === 'value' || name === 'api_key' || name.endsWith('_token')) return secret;
      return oneOf(chance, likely[name] ?? words);
  }
}

/** The value with something else in one place, or more. */
export function mutated(value: unknown, chance: SeededChance): unknown {
  if (once(chance, 4)) return oneOf(chance, hostile);
  if (Array.isArray(value)) return [...(value as unknown[]), oneOf(chance, hostile)];
  if (typeof value !== 'object' || value === null) return oneOf(chance, hostile);
  const entries = Object.entries(value);
  const at = chance.between(0, entries.length);
  const chosen = entries[at];
  if (chosen === undefined) entries.push(['surprise', oneOf(chance, hostile)]);
  else if (once(chance, 4)) entries.splice(at, 1);
  else entries[at] = [chosen[0], mutated(chosen[1], chance)];
  return Object.fromEntries(entries);
}

/** The text with its form broken, or in a form that readers take in different ways. */
export function brokenText(text: string, chance: SeededChance): string | Buffer {
  const middle = chance.between(0, text.length);
  const open = text.startsWith('{') ? text.slice(1) : text;
  return oneOf<() => string | Buffer>(chance, [
    () => text.slice(0, middle),
    () => `${text.slice(0, middle)}\u0000${text.slice(middle)}`,
    () => `${text}${text}`,
    () => `{"__proto__":{"polluted":true},${open}`,
    () => `{"constructor":{"prototype":{"polluted":true}},${open}`,
    () => `{"twice":1,"twice":2,${open}`,
    () => `{"deep":${'['.repeat(2_000)}${']'.repeat(2_000)},${open}`,
    () => `{"far":1e999,${open}`,
    () => String.raw`{"lone":"\ud800",${open}`,
    () => Buffer.from(text, 'utf16le'),
    () => Buffer.concat([Buffer.from(text.slice(0, middle)), Buffer.from([0xff, 0xc0, 0xaf])]),
    () => `\ufeff${text}`,
    () => '',
  ])();
}
