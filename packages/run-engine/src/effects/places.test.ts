import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atRest } from '../testing/running-engine.ts';
import { Places } from './places.ts';

const never = new AbortController().signal;

describe('places', () => {
  test('go to whoever came first, except past those whose kind is full', async () => {
    const places = new Places({ total: 2, perKind: 1 });
    const entered: string[] = [];
    const come = async (name: string, kind: string) => {
      await places.enter(kind, never);
      entered.push(name);
    };
    void come('a1', 'a');
    void come('a2', 'a');
    void come('b1', 'b');
    void come('c1', 'c');
    await atRest(1);
    expect(entered).toEqual(['a1', 'b1']);
    places.leave('b');
    await atRest(1);
    expect(entered).toEqual(['a1', 'b1', 'c1']);
    places.leave('a');
    await atRest(1);
    expect(entered).toEqual(['a1', 'b1', 'c1', 'a2']);
  });

  test('are not taken by who has given up, before or while waiting', async () => {
    const places = new Places({ total: 1, perKind: 1 });
    expect(places.enter('a', never)).toBeUndefined();
    const given = new AbortController();
    const waiting = places.enter('a', given.signal);
    given.abort(new Error('never mind'));
    await expect(waiting).rejects.toThrow('never mind');
    expect(() => places.enter('b', given.signal)).toThrow('never mind');
    places.leave('a');
    // An abort after the place was taken takes nothing away from it.
    const late = new AbortController();
    expect(places.enter('a', late.signal)).toBeUndefined();
    const next = places.enter('a', late.signal);
    places.leave('a');
    late.abort();
    await next;
    places.leave('a');
    expect(places.enter('a', never)).toBeUndefined();
  });

  test('are never more than the limits, and none stays empty while somebody could have it', async () => {
    const arrivals = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.nat(6)), {
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(
        arrivals,
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        async (all, total, perKind) => {
          const places = new Places({ total, perKind });
          const inside: string[] = [];
          const done = all.map(async ([kind, turns]) => {
            await places.enter(kind, never);
            inside.push(kind);
            expect(inside.length).toBeLessThanOrEqual(total);
            expect(inside.filter((other) => other === kind).length).toBeLessThanOrEqual(perKind);
            for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
            inside.splice(inside.indexOf(kind), 1);
            places.leave(kind);
          });
          await Promise.all(done);
        },
      ),
    );
  });
});
