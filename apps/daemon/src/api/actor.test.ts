import { expect, test } from 'vitest';
import { actorOf } from './actor.ts';

const named = { role: 'operator', tokenId: 'token_1' } as const;
const unnamed = { role: 'admin' } as const;

test('a named token acts for itself, or for whom it names', () => {
  expect(actorOf(named, undefined)).toEqual({ actor_id: 'token:token_1' });
  expect(actorOf(named, 'alice')).toEqual({ actor_id: 'alice' });
  expect(actorOf(named, 'token:token_1')).toEqual({ actor_id: 'token:token_1' });
  expect(actorOf(unnamed, undefined)).toEqual({});
  expect(actorOf(unnamed, 'alice')).toEqual({ actor_id: 'alice' });
});

test.each([
  [named, 'token:token_2'],
  [named, 'token:'],
  [unnamed, 'token:token_1'],
])('%j may not act as %s', (caller, claimed) => {
  expect(() => actorOf(caller, claimed)).toThrow('not yours');
});
