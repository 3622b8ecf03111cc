import type { SeededChance } from '../harness/seeded-chance.ts';

/** As much of a valibot schema as is needed to make values for it. */
interface Shape {
  readonly type: string;
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly wrapped?: Shape;
  readonly item?: Shape;
  readonly options?: readonly unknown[];
  readonly literal?: unknown;
}

const hostile: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  1.5,
  1e308,
  Number.MAX_SAFE_INTEGER,
  '',
  ' ',
  '\u0000',
  '..',
  '😀',
  '\u202e',
  'x'.repeat(300),
  'y'.repeat(70_000),
  [],
  {},
  [[[]]],
  { type: 'run_completed' },
  { toString: 1, valueOf: null },
];

const plain = ['a', 'b', 'main', 'scripted', 'hello there', 'scripted: say 3 words', '7', 'é'];

export function oneOf<T>(chance: SeededChance, values: readonly T[]): T {
  return values[chance.between(0, values.length - 1)] as T;
}

/** A value that mostly fits the schema; one place in ten has something else. */
export function valueFor(schema: unknown, chance: SeededChance): unknown {
  const shape = schema as Shape;
  if (chance.between(1, 12) === 1) return oneOf(chance, hostile);
  switch (shape.type) {
    case 'strict_object':
    case 'object': {
      const entries = Object.entries(shape.entries ?? {}).flatMap(([name, entry]) => {
        const optional = entry.type === 'optional' || entry.type === 'nullish';
        const skip = optional ? chance.between(1, 3) > 1 : chance.between(1, 20) === 1;
        return skip ? [] : [[name, valueFor(entry, chance)]];
      });
      if (chance.between(1, 25) === 1) entries.push(['surprise', oneOf(chance, hostile)]);
      return Object.fromEntries(entries) as unknown;
    }
    case 'optional':
    case 'nullish':
      return valueFor(shape.wrapped, chance);
    case 'variant':
    case 'union':
      return valueFor(oneOf(chance, shape.options ?? []), chance);
    case 'picklist':
      return oneOf(chance, shape.options ?? []);
    case 'literal':
      return shape.literal;
    case 'array':
      return Array.from({ length: chance.between(0, 3) }, () => valueFor(shape.item, chance));
    case 'number':
      return chance.between(0, 2_000);
    case 'boolean':
      return chance.between(0, 1) === 1;
    case 'custom':
      return { note: oneOf(chance, plain) };
    default:
      return oneOf(chance, plain);
  }
}
