import { ExternalAction, canonicalJson } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { entryBody, readEntryBody } from './entry-body.ts';

const text = fc.string({ unit: 'grapheme' });
const optional = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });
const digest = fc.constant(`sha256:${'0f'.repeat(32)}` as const);
const action: fc.Arbitrary<ExternalAction> = fc.record({
  action_id: text,
  timestamp_ms: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true })),
  session_id: optional(text),
  agent_id: optional(text),
  run_id: optional(text),
  tool_call_id: optional(text),
  principal_id: optional(text),
  parent_principal_id: optional(text),
  grant_id: optional(text),
  phase: fc.constantFrom('request', 'response'),
  kind: fc.constantFrom('model_call', 'tool', 'audit_key'),
  target: text,
  request_digest: optional(digest),
  response_digest: optional(digest),
  outcome: optional(text),
}) as fc.Arbitrary<ExternalAction>;

test('the body of an entry is its canonical JSON, and is read back', () => {
  fc.assert(
    fc.property(action, optional(fc.constant('ab'.repeat(32))), (given, prevHash) => {
      const body = entryBody(given, prevHash);
      const whole = { ...given, ...(prevHash !== undefined && { prev_hash: prevHash }) };
      expect(body).toBe(canonicalJson(JSON.parse(JSON.stringify(whole))));
      expect(readEntryBody(body)).toEqual(JSON.parse(body));
    }),
  );
});

test('the field list of this test is that of the type', () => {
  expect(Object.keys(fc.sample(action, 1)[0] as object).toSorted()).toEqual(
    Object.keys(ExternalAction.entries).toSorted(),
  );
});

const body = entryBody(
  { action_id: 'a', timestamp_ms: 10, phase: 'request', kind: 'tool', target: 'bash:é' },
  undefined,
);

test.each<[string, string]>([
  ['white space', body.replace('":', '": ')],
  [
    'another order',
    '{"target":"t","action_id":"a","kind":"tool","phase":"request","timestamp_ms":1}',
  ],
  ['a name twice', body.replace('{', '{"action_id":"b",')],
  ['another form of a number', body.replace('10', '1e1')],
  ['another form of a letter', body.replace('é', '\\u00e9')],
  ['half a surrogate pair', body.replace('é', '\\ud83d')],
  ['an unknown field', body.replace('{', '{"aa":"b",')],
  ['a missing field', body.replace('"kind":"tool",', '')],
  ['a short hash', body.replace('"target', '"prev_hash":"ab","target')],
  ['no JSON', body.slice(0, -1)],
])('%s is not the form of an entry', (_title, wrong) => {
  expect(readEntryBody(body)).toBeDefined();
  expect(readEntryBody(wrong)).toBeUndefined();
});
