import { createRedactor } from '@kheish/auth-store';
import type { PromptPart } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { redactedParts } from './redacted-parts.ts';

const redactor = createRedactor();
redactor.add('sk-12345678');
const redacted = (...parts: PromptPart[]) => redactedParts(parts, redactor);

const call = { type: 'tool_call', tool_call_id: 'c1', tool_name: 'bash' } as const;

test('a secret goes from texts, arguments and names', () => {
  expect(
    redacted(
      { type: 'text', text: 'it is sk-12345678.' },
      { ...call, tool_name: 'sk-12345678', input: { 'sk-12345678': ['echo sk-12345678'] } },
      { ...call, raw_input: '{sk-12345678' },
    ),
  ).toEqual([
    { type: 'text', text: 'it is [redacted].' },
    { ...call, tool_name: '[redacted]', input: { '[redacted]': ['echo [redacted]'] } },
    { ...call, raw_input: '{[redacted]' },
  ]);
});

test('a call whose id is a secret has none', () => {
  expect(redacted({ ...call, tool_call_id: 'sk-12345678' })).toEqual([
    { ...call, tool_call_id: '' },
  ]);
});

test('a secret that begins in one text and ends in another is found', () => {
  expect(
    redacted(
      { type: 'text', text: 'it is sk-12' },
      call,
      { type: 'text', text: '345' },
      { type: 'text', text: '678.' },
    ),
  ).toEqual([
    { type: 'text', text: 'it is ' },
    call,
    { type: 'text', text: '' },
    { type: 'text', text: '[redacted].' },
  ]);
});

test('texts without one stay where they are', () => {
  const parts: PromptPart[] = [
    { type: 'text', text: 'it is sk-12' },
    { type: 'text', text: '9' },
  ];
  expect(redacted(...parts)).toEqual(parts);
});

test('a thought that is changed loses what its provider signed', () => {
  const signed = { type: 'reasoning', text: 'hm', opaque: { signature: 's' } } as const;
  expect(redacted(signed)).toEqual([signed]);
  expect(redacted({ ...signed, text: 'sk-12345678' })).toEqual([
    { type: 'reasoning', text: '[redacted]' },
  ]);
  expect(redacted({ ...signed, opaque: [{ summary: 'sk-12345678' }] })).toEqual([
    { type: 'reasoning', text: 'hm' },
  ]);
});
