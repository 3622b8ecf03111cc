import { type Json, type JsonObject, KheishError, isJsonObject } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createWorkspaceTools } from '../create-workspace-tools.ts';

/** As much of JSON Schema as the tools use; an unknown keyword is an error. */
function accepts(schema: JsonObject, value: Json | undefined): boolean {
  return Object.entries(schema).every(([keyword, bound]) => {
    switch (keyword) {
      case 'description':
        return true;
      case 'type':
        if (bound === 'object') return isJsonObject(value);
        return bound === 'integer' ? Number.isInteger(value) : typeof value === bound;
      case 'minLength':
        return typeof value !== 'string' || Array.from(value).length >= Number(bound);
      case 'maxLength':
        return typeof value !== 'string' || Array.from(value).length <= Number(bound);
      case 'minimum':
        return typeof value !== 'number' || value >= Number(bound);
      case 'maximum':
        return typeof value !== 'number' || value <= Number(bound);
      case 'required':
        return (
          !isJsonObject(value) || (bound as string[]).every((name) => Object.hasOwn(value, name))
        );
      case 'properties':
        if (!isJsonObject(value)) return true;
        return Object.entries(bound as JsonObject).every(
          ([name, field]) =>
            !Object.hasOwn(value, name) || accepts(field as JsonObject, value[name]),
        );
      case 'additionalProperties':
        return Object.keys(value as object).every((name) =>
          Object.hasOwn(schema['properties'] as JsonObject, name),
        );
      default:
        throw new Error(`keyword ${keyword}`);
    }
  });
}

const odd = fc.oneof(
  fc.constantFrom<Json>('', 'x'.repeat(1000), 'x'.repeat(1001), '🗻'.repeat(1000), null, true),
  fc.constantFrom<Json>(0, 1.5, -1, 1e9, 1e9 + 1, 2 ** 53),
  fc.constant<Json>([]),
  fc.constant<Json>({}),
);
const value = fc.oneof({ weight: 2, arbitrary: fc.constantFrom<Json>('a', 1) }, odd);
const input = fc
  .record({ path: value, pattern: value, offset: value, limit: value, other: value })
  .chain((fields) => fc.subarray(Object.entries(fields)))
  .map((fields): JsonObject => Object.fromEntries(fields));

describe.each(createWorkspaceTools({ workspaceRoot: '/work', hidden: [] }))('$name', (tool) => {
  test('parses exactly what the schema told to models accepts', () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(input, (candidate) => {
        let parsed = true;
        try {
          tool.parse({ ...candidate });
        } catch (thrown) {
          if (!(thrown instanceof KheishError) || thrown.code !== 'tools/invalid_input')
            throw thrown;
          parsed = false;
        }
        verdicts.add(parsed);
        expect(parsed).toBe(accepts(tool.inputSchema, candidate));
      }),
      { numRuns: 1000 },
    );
    expect(verdicts.size).toBe(2);
  });

  test('is a read that may be repeated', () => {
    expect(tool).toMatchObject({ effect: 'repeatable', limits: { maxOutputBytes: 65_536 } });
  });
});

test('the four tools, under the names models know', () => {
  const names = createWorkspaceTools({ workspaceRoot: '/work', hidden: [] }).map(
    ({ name }) => name,
  );
  expect(names).toEqual(['read_file', 'list_files', 'glob_search', 'grep_search']);
});

test('a relative path and too small an answer are mistakes of the program', () => {
  expect(() => createWorkspaceTools({ workspaceRoot: 'work', hidden: [] })).toThrow('absolute');
  expect(() => createWorkspaceTools({ workspaceRoot: '/work', hidden: ['x'] })).toThrow('absolute');
  const limits = { maxOutputBytes: 10 };
  expect(() => createWorkspaceTools({ workspaceRoot: '/work', hidden: [], limits })).toThrow(
    '1024',
  );
});
