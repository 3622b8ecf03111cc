import { expect, test } from 'vitest';
import { runEvents, sampleEvents, toolSettled } from '../testing/sample-events.ts';
import { runIn } from '../testing/sample-runs.ts';
import { messageOf } from './transcript.ts';

const run = runIn('running');

test('the input enters the transcript when its run starts', () => {
  expect(messageOf(runEvents.started, run)).toEqual({ role: 'user', content: 'said by the user' });
});

test('what a model or a tool said enters it with the outcome', () => {
  expect(messageOf(runEvents.settled, run)).toEqual(runEvents.settled.message);
  expect(messageOf(toolSettled, run)).toEqual(toolSettled.message);
});

test('nothing else does, and an outcome without a message does not', () => {
  const speaking = new Set([
    'run_started',
    'action_settled',
    'tool_call_refused',
    'question_resolved',
  ]);
  const silent = sampleEvents.filter((event) => !speaking.has(event.type));
  expect(silent.length).toBeGreaterThan(12);
  expect(silent.filter((event) => messageOf(event, run) !== undefined)).toEqual([]);
  const { message: _message, ...wordless } = runEvents.settled;
  expect(messageOf(wordless, run)).toBeUndefined();
});
