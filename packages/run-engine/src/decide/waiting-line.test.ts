import { expect, test } from 'vitest';
import { WaitingLine } from './waiting-line.ts';

test('who waits for room on a route is before those who want that route, and no others', () => {
  const line = new WaitingLine();
  expect([line.isEmpty, line.isEmptyFor('a')]).toEqual([true, true]);
  line.join('a');
  expect([line.isEmpty, line.isEmptyFor('a'), line.isEmptyFor('b')]).toEqual([false, false, true]);
  line.join(undefined);
  expect(line.isEmptyFor('b')).toBe(false);
});

test('those who are called are before all others until they have begun', () => {
  const line = new WaitingLine();
  line.join('a');
  line.startCalling();
  expect(line.isEmptyFor('a')).toBe(false);
  line.endCalling([]);
  expect([line.isEmpty, line.isEmptyFor('a')]).toEqual([true, true]);
});

test('who is left over, and who joins while others are called, waits on', () => {
  const line = new WaitingLine();
  line.startCalling();
  line.join('b');
  line.endCalling(['a']);
  expect(['a', 'b', 'c'].map((route) => line.isEmptyFor(route))).toEqual([false, false, true]);
  line.startCalling();
  expect(line.isEmptyFor('b')).toBe(false);
  line.endCalling([]);
  expect(line.isEmpty).toBe(true);
});
