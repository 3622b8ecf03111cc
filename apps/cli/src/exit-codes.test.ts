import { expect, test } from 'vitest';
import { exitCodeOfRun, exitCodeOfStatus, exitCodes } from './exit-codes.ts';

test.each([
  [400, 2],
  [401, 4],
  [403, 4],
  [404, 5],
  [405, 1],
  [408, 7],
  [409, 6],
  [413, 2],
  [422, 1],
  [429, 7],
  [500, 1],
  [502, 1],
  [503, 7],
  [504, 7],
])('HTTP %d exits %d', (status, code) => {
  expect(exitCodeOfStatus(status)).toBe(code);
});

test.each([
  ['queued', 0],
  ['running', 0],
  ['waiting_for_approval', 13],
  ['waiting_for_user_question', 14],
  ['completed', 0],
  ['failed', 10],
  ['cancelled', 11],
  ['interrupted', 12],
] as const)('a run that is %s exits %d', (status, code) => {
  expect(exitCodeOfRun(status)).toBe(code);
});

test('no two endings share a code', () => {
  const codes: number[] = Object.values(exitCodes);
  expect(new Set(codes).size).toBe(codes.length);
});
