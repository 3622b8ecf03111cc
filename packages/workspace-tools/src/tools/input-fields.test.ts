import { type Json, type JsonObject, KheishError, isJsonObject } from '@kheish/core-model';
import type { Egress } from '@kheish/egress';
import type { ProcessHost } from '@kheish/process-host';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createEditingTools,
  createShellTools,
  createWorkspaceTools,
} from '../create-workspace-tools.ts';
import { createWebTools } from '../web/create-web-tools.ts';

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
      case 'pattern':
        return typeof value !== 'string' || new RegExp(bound as string, 'u').test(value);
      case 'minimum':
        return typeof value !== 'number' || value >= Number(bound);
      case 'maximum':
        return typeof value !== 'number' || value <= Number(bound);
      case 'enum':
        return typeof value !== 'string' || (bound as string[]).includes(value);
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
  fc.constantFrom<Json>('x'.repeat(4097), 'text', 60_000, 60_001),
  fc.constantFrom<Json>(0, 1.5, -1, 1e9, 1e9 + 1, 2 ** 53),
  fc.constant<Json>([]),
  fc.constant<Json>({}),
);
const value = fc.oneof({ weight: 4, arbitrary: fc.constantFrom<Json>('a', 'b', 1) }, odd);
const digest = fc.constantFrom<Json>('a'.repeat(64), `sha256:${'0'.repeat(64)}`, 'A'.repeat(64));

/** Inputs of some of the fields that the schema tells, and sometimes of another. */
function inputsFor(schema: JsonObject): fc.Arbitrary<JsonObject> {
  const fields = Object.keys(schema['properties'] as JsonObject).map((name) => {
    const known = name.endsWith('sha256') ? fc.oneof(digest, value) : value;
    return [name, fc.option(known, { freq: 2, nil: undefined })] as const;
  });
  const other = fc.option(value, { freq: 1, nil: undefined });
  return fc
    .record({ ...Object.fromEntries(fields), other })
    .map((input) => Object.entries(input).filter(([, said]) => said !== undefined))
    .map((said) => Object.fromEntries(said) as JsonObject);
}

const config = { workspaceRoot: '/work', hidden: [], random: { bytes: () => new Uint8Array() } };
const reading = createWorkspaceTools(config);
const editing = createEditingTools(config);
const egress: Egress = { request: () => Promise.reject(new Error()), close: async () => undefined };
const web = createWebTools({ egress });
const host = {} as ProcessHost;
const shell = createShellTools({ ...config, host, networkAllowed: true });

describe.each([...reading, ...editing, ...web, ...shell])('$name', (tool) => {
  test('parses exactly what the schema told to models accepts', () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(inputsFor(tool.inputSchema), (candidate) => {
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
});

test.each([...reading, ...web])('$name is a read that may be repeated', (tool) => {
  expect(tool).toMatchObject({ effect: 'repeatable', limits: { maxOutputBytes: 65_536 } });
});

test.each([...editing, ...shell])('$name happens once, and can be bound', (tool) => {
  expect(tool).toMatchObject({ effect: 'once', limits: { maxOutputBytes: 65_536 } });
  expect(tool).toHaveProperty('bind');
});

test('the tools, under the names models know', () => {
  expect(reading.map(({ name }) => name)).toEqual([
    'read_file',
    'list_files',
    'glob_search',
    'grep_search',
  ]);
  expect(editing.map(({ name }) => name)).toEqual(['write_file', 'edit_file', 'apply_patch']);
  expect(shell.map(({ name }) => name)).toEqual(['bash']);
});

test.each(editing)('$name refuses half of a character', (tool) => {
  for (const half of tool.inputSchema['required'] as string[]) {
    const required = (tool.inputSchema['required'] as string[]).map((name) => [name, 'a']);
    const input = Object.fromEntries(required) as JsonObject;
    expect(() => tool.parse(input)).not.toThrow();
    expect(() => tool.parse({ ...input, [half]: 'a\ud83d' })).toThrow(`${half}: Invalid text`);
  }
});

test('a relative path and too small an answer are mistakes of the program', () => {
  expect(() => createWorkspaceTools({ workspaceRoot: 'work', hidden: [] })).toThrow('absolute');
  expect(() => createWorkspaceTools({ workspaceRoot: '/work', hidden: ['x'] })).toThrow('absolute');
  const limits = { maxOutputBytes: 10 };
  expect(() => createWorkspaceTools({ workspaceRoot: '/work', hidden: [], limits })).toThrow(
    '1024',
  );
});
