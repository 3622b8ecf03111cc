import { expect, test } from 'vitest';
import { digestOfText } from '../digest/digest.ts';
import { type ToolMessage, eraseMessage } from '../message/message.ts';
import { transcriptDigest } from './transcript-digest.ts';

const message: ToolMessage = {
  role: 'tool',
  tool_call_id: 'c',
  tool_name: 'act',
  content: 'words',
  is_error: false,
};

test('is one of the digest before and of the message', () => {
  const own = digestOfText('hello');
  const first = transcriptDigest(undefined, own);
  expect(first).toBe(digestOfText(`\n${own}`));
  expect(transcriptDigest(first, own)).toBe(digestOfText(`${first}\n${own}`));
});

test('is the same of an erased message, and another of another', () => {
  const digest = transcriptDigest(undefined, message);
  expect(transcriptDigest(undefined, eraseMessage(message))).toBe(digest);
  expect(transcriptDigest(undefined, { ...message, content: 'other words' })).not.toBe(digest);
});
