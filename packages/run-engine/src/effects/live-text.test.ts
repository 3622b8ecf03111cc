import { setImmediate as turn } from 'node:timers/promises';
import { createRedactor } from '@kheish/auth-store';
import type { ModelDelta } from '@kheish/core-model';
import { ManualClock } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { LiveText, TELL_EVERY_MS } from './live-text.ts';

function listening() {
  const clock = new ManualClock();
  const redactor = createRedactor();
  const live = new LiveText(clock, redactor);
  const heard: ModelDelta[] = [];
  const leave = live.subscribe((delta) => heard.push(delta));
  return { live, clock, heard, leave, redactor };
}

const names = { type: 'model_delta', run_id: 'r', session_id: 's', step: 2 } as const;

test('each piece says where it stands in its channel', () => {
  const { live, heard } = listening();
  live.begin('r', 's', 2);
  live.say('r', 1, 'reasoning', 'h');
  live.say('r', 1, 'reasoning', 'm');
  live.say('r', 1, 'text', 'on');
  live.say('r', 1, 'text', 'e');
  live.say('r', 1, 'reasoning', '!');
  live.end('r');
  expect(heard).toEqual([
    { ...names, attempt: 1, offset: 0, reasoning: 'h' },
    { ...names, attempt: 1, offset: 1, reasoning: 'm' },
    { ...names, attempt: 1, offset: 0, text: 'one' },
    { ...names, attempt: 1, offset: 2, reasoning: '!' },
  ]);
});

test('the first words are told at once, then together what came meanwhile', async () => {
  const { live, clock, heard } = listening();
  const texts = () => heard.map(({ offset, text }) => [offset, text]);
  live.begin('r', 's', 2);
  for (const piece of ['a', 'b', 'c']) live.say('r', 1, 'text', piece);
  expect(texts()).toEqual([[0, 'a']]);
  expect(clock.pending).toBe(1);
  clock.advance(TELL_EVERY_MS);
  await turn();
  expect(texts()).toEqual([
    [0, 'a'],
    [1, 'bc'],
  ]);
  expect(clock.pending).toBe(0);
  clock.advance(TELL_EVERY_MS);
  live.say('r', 1, 'text', 'd');
  expect(texts().at(-1)).toEqual([3, 'd']);
});

test('what waits is told before the end, before an attach and before a new attempt, once', async () => {
  const { live, clock, heard } = listening();
  const texts = () => heard.map(({ attempt, offset, text }) => [attempt, offset, text]);
  live.begin('r', 's', 2);
  for (const piece of ['a', 'b']) live.say('r', 1, 'text', piece);
  expect(live.current({})).toMatchObject([{ offset: 0, text: 'ab' }]);
  live.say('r', 1, 'text', 'c');
  for (const piece of ['x', 'y']) live.say('r', 2, 'text', piece);
  live.end('r');
  const told = [
    [1, 0, 'a'],
    [1, 1, 'b'],
    [1, 2, 'c'],
    [2, 0, 'x'],
    [2, 1, 'y'],
  ];
  expect(texts()).toEqual(told);
  // A step that begins right after is not left waiting.
  live.begin('r', 's', 3);
  for (const piece of ['m', 'n']) live.say('r', 1, 'text', piece);
  clock.advance(TELL_EVERY_MS);
  await turn();
  expect(texts()).toEqual([...told, [1, 0, 'm'], [1, 1, 'n']]);
  clock.advance(TELL_EVERY_MS);
  await turn();
  expect(clock.pending).toBe(0);
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

test('a secret that comes in pieces is told of as one mark, at the end too', () => {
  const { live, heard, redactor } = listening();
  redactor.add('sk-12345678');
  live.begin('r', 's', 2);
  for (const piece of ['it is s', 'k-1234', '5678', '. sk-12']) live.say('r', 1, 'text', piece);
  live.say('r', 1, 'reasoning', 'sk-1234567');
  const { text } = live.current({})[0] ?? {};
  expect(text).toBe('it is [redacted]. ');
  live.end('r');
  const told = heard.map((delta) => delta.text ?? '').join('');
  expect(told).toBe('it is [redacted]. sk-12');
  expect(heard.findLast((delta) => delta.text !== undefined)).toMatchObject({
    offset: told.length - 'sk-12'.length,
  });
  expect(heard.map((delta) => delta.reasoning ?? '').join('')).toBe('sk-1234567');
});

test('another attempt begins without what was held back', () => {
  const { live, redactor } = listening();
  redactor.add('sk-12345678');
  live.begin('r', 's', 2);
  live.say('r', 1, 'text', 'sk-1234');
  live.say('r', 2, 'text', '5678');
  expect(live.current({})).toMatchObject([{ attempt: 2, text: '5678' }]);
});
