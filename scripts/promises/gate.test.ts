import { describe, expect, it } from 'vitest';
import { heldIds, judge } from './gate.ts';

const promises = { 'a.one': 'One.', 'a.two': 'Two.' };
const passed = (title: string) => ({ title, state: 'passed' as const });

describe('heldIds', () => {
  it('reads every id of every tag', () => {
    expect(heldIds('does it [holds a.one, a.two]')).toEqual(['a.one', 'a.two']);
    expect(heldIds('[holds a.one] and [holds a.two]')).toEqual(['a.one', 'a.two']);
    expect(heldIds('holds nothing')).toEqual([]);
  });
});

describe('judge', () => {
  it('is content when every promise has a passing test', () => {
    expect(judge(promises, [passed('x [holds a.one, a.two]')])).toEqual({
      problems: [],
      unproven: [],
    });
  });

  it('names a promise that no test holds', () => {
    expect(judge(promises, [passed('x [holds a.one]')]).problems).toEqual([
      'no passing test holds a.two: Two.',
    ]);
  });

  it.each(['failed', 'skipped', 'pending'] as const)('does not count a %s test', (state) => {
    const { problems } = judge({ 'a.one': 'One.' }, [{ title: 'x [holds a.one]', state }]);
    expect(problems).toEqual(['no passing test holds a.one: One.']);
  });

  it('names a test with an unknown id', () => {
    const { problems } = judge({}, [passed('x [holds a.nine]')]);
    expect(problems).toEqual(['the test "x [holds a.nine]" names the unknown promise a.nine']);
  });

  it('does not take an inherited property for a promise', () => {
    expect(judge({}, [passed('x [holds constructor]')]).problems).toHaveLength(1);
  });

  it('refuses a promise on a suite', () => {
    expect(judge({}, [], ['suite [holds a.one]']).problems).toHaveLength(1);
  });

  it('reports what the machine could not test, without failing', () => {
    const tests = [{ title: 'x [holds a.one]', state: 'skipped' as const, notRun: 'no bwrap' }];
    expect(judge({ 'a.one': 'One.' }, tests)).toEqual({ problems: [], unproven: ['a.one'] });
  });
});
