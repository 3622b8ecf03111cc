import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { runView } from '../testing/views.ts';
import { runColumns } from './columns.ts';
import { describeEvent } from './event-line.ts';
import { formOf } from './form.ts';
import { oneLine, plainText } from './plain-text.ts';
import { renderList, renderView } from './table.ts';

const plain = picocolors.createColors(false);
const recorded = { session_id: 's', run_id: 'r', seq: 1, at_ms: 0, v: 1 };

test('auto is a table on a terminal and pretty JSON elsewhere; a choice is a choice', () => {
  expect(formOf('auto', true)).toBe('table');
  expect(formOf('auto', false)).toBe('pretty');
  expect(formOf('json', true)).toBe('json');
});

describe('plainText', () => {
  test('leaves nothing that steers a terminal', () => {
    expect(plainText('a\u001b[31mb\u0007\u009bc\rd\ne\tf\u202e')).toBe('a[31mbcd\ne\tf');
  });

  test('on one line is short', () => {
    expect(oneLine('a\n\n b')).toBe('a b');
    expect(oneLine('abcdef', 4)).toBe('abc…');
  });
});

describe('a table', () => {
  test('of a list has heads and one line an item', () => {
    const run = runView('queued');
    run.request.text_preview = '\u001b]0;title\u0007hi';
    const lines = renderList([run], runColumns, plain).trimEnd().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^run +session +status/);
    expect(lines[1]).toMatch(
      /^run_1 +demo +queued +local +m +1970-01-01T00:00:00.000Z +\]0;titlehi$/,
    );
  });

  test('of a view has dotted names, times and joined lists', () => {
    const view = {
      at: { created_at_ms: 0 },
      names: ['a', 'b'],
      none: [],
      nothing: null,
      items: [{ x: 1 }],
    };
    const rows = renderView(view, plain).trimEnd().split('\n');
    expect(rows.map((row) => row.split(/ {2,}/))).toEqual([
      ['at.created_at_ms', '1970-01-01T00:00:00.000Z'],
      ['names', 'a, b'],
      ['none', '-'],
      ['nothing', '-'],
      ['items.0.x', '1'],
    ]);
  });

  test('has colours only where they were asked for', () => {
    expect(renderView({ a: 1 }, plain)).not.toContain('\u001b');
    expect(renderView({ a: 1 }, picocolors.createColors(true))).toContain('\u001b');
  });
});

describe('an event in one line', () => {
  test('names its subject and what matters', () => {
    const error = { domain: 'models', code: 'timeout', detail: 'too\nslow' };
    expect(describeEvent({ ...recorded, type: 'run_failed', error })).toBe(
      'run_failed r models/timeout: too slow',
    );
    expect(describeEvent({ ...recorded, type: 'run_fell_back', model: 'spare', error })).toBe(
      'run_fell_back r to spare: too slow',
    );
    expect(describeEvent({ ...recorded, type: 'session_created', agent_id: 'a' })).toBe(
      'session_created r',
    );
    const gap = { type: 'stream_gap', reason: 'retention_floor', resume_after_id: '7' } as const;
    expect(describeEvent(gap)).toContain('up to 7');
  });
});
