import type { ModelDelta } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { LiveText } from './live-text.ts';

function listening() {
  const live = new LiveText();
  const heard: ModelDelta[] = [];
  const leave = live.subscribe((delta) => heard.push(delta));
  return { live, heard, leave };
}

const names = { type: 'model_delta', run_id: 'r', session_id: 's', step: 2 } as const;

test('each piece says where it stands in its channel', () => {
  const { live, heard } = listening();
  live.begin('r', 's', 2);
  live.say('r', 1, 'reasoning', 'hm');
  live.say('r', 1, 'text', 'on');
  live.say('r', 1, 'text', 'e');
  live.say('r', 1, 'reasoning', '!');
  expect(heard).toEqual([
    { ...names, attempt: 1, offset: 0, reasoning: 'hm' },
    { ...names, attempt: 1, offset: 0, text: 'on' },
    { ...names, attempt: 1, offset: 2, text: 'e' },
    { ...names, attempt: 1, offset: 2, reasoning: '!' },
  ]);
});

test('who comes later gets what was said so far, once per channel', () => {
  const { live } = listening();
  live.begin('r', 's', 2);
  expect(live.current({})).toEqual([]);
  live.say('r', 1, 'text', 'one ');
  live.say('r', 1, 'text', 'two');
  live.say('r', 1, 'reasoning', 'hm');
  expect(live.current({})).toEqual([
    { ...names, attempt: 1, offset: 0, reasoning: 'hm' },
    { ...names, attempt: 1, offset: 0, text: 'one two' },
  ]);
});

test('is kept also while nobody listens', () => {
  const { live, heard, leave } = listening();
  leave();
  live.begin('r', 's', 2);
  live.say('r', 1, 'text', 'unheard');
  expect(heard).toEqual([]);
  expect(live.current({ runId: 'r' })).toMatchObject([{ offset: 0, text: 'unheard' }]);
});

test('a new attempt replaces both channels of the one before', () => {
  const { live, heard } = listening();
  live.begin('r', 's', 2);
  live.say('r', 1, 'text', 'wrong');
  live.say('r', 1, 'reasoning', 'wrong');
  live.say('r', 2, 'text', 'right');
  expect(heard.at(-1)).toEqual({ ...names, attempt: 2, offset: 0, text: 'right' });
  expect(live.current({})).toEqual([{ ...names, attempt: 2, offset: 0, text: 'right' }]);
});

test('nothing is said after the end, and the next step begins anew', () => {
  const { live, heard } = listening();
  live.begin('r', 's', 2);
  live.say('r', 1, 'text', 'said');
  live.end('r');
  live.say('r', 1, 'text', 'late');
  expect(heard).toHaveLength(1);
  expect(live.current({})).toEqual([]);
  live.begin('r', 's', 3);
  live.say('r', 1, 'text', 'new');
  expect(heard.at(-1)).toEqual({ ...names, step: 3, attempt: 1, offset: 0, text: 'new' });
});

test('one run or one session can be asked for', () => {
  const { live } = listening();
  for (const [run, session] of [
    ['r1', 's1'],
    ['r2', 's2'],
  ] as const) {
    live.begin(run, session, 1);
    live.say(run, 1, 'text', run);
  }
  const texts = (scope: Parameters<LiveText['current']>[0]) =>
    live.current(scope).map((delta) => delta.text);
  expect(texts({})).toEqual(['r1', 'r2']);
  expect(texts({ runId: 'r2' })).toEqual(['r2']);
  expect(texts({ sessionId: 's1' })).toEqual(['r1']);
  expect(texts({ sessionId: 's1', runId: 'r2' })).toEqual([]);
});
