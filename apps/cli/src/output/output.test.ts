import type { StreamEvent } from '@kheish/client-sdk';
import picocolors from 'picocolors';
import { describe, expect, test } from 'vitest';
import { approvalView, question, questionView, runView } from '../testing/views.ts';
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
    expect(
      describeEvent({
        ...recorded,
        type: 'context_compacted',
        method: 'cut',
        boundary: 4,
        summarized: 0,
        outputs_before: 0,
        tokens_before: 900,
        tokens_after: 300,
        covers: `sha256:${'0'.repeat(64)}`,
      }),
    ).toBe('context_compacted r by cut: 900 to about 300 tokens');
    expect(
      describeEvent({ ...recorded, type: 'context_limited', target: 'model:a/b', max_tokens: 50 }),
    ).toBe('context_limited r model:a/b to 50 tokens');
    expect(describeEvent({ ...recorded, type: 'session_created', agent_id: 'a' })).toBe(
      'session_created r',
    );
    const gap = { type: 'stream_gap', reason: 'retention_floor', resume_after_id: '7' } as const;
    expect(describeEvent(gap)).toContain('up to 7');
  });

  const request = { ...approvalView('a1').request, input: undefined };
  const message = { role: 'tool', tool_call_id: 't', tool_name: 'bash', is_error: true } as const;
  const answered = { ...message, content: 'said' };
  const asked = questionView('q1', [question('a'), question('b')]).request;
  test.each([
    [{ type: 'approval_requested', request }, 'approval_requested r a1 bash (a rule asks)'],
    [
      { type: 'approval_resolved', request_id: 'a1', behavior: 'deny', reason: 'no' },
      'approval_resolved r a1 deny no',
    ],
    [
      { type: 'approval_voided', request_id: 'a1', reason: 'changed' },
      'approval_voided r a1 changed',
    ],
    [{ type: 'question_requested', request: asked }, 'question_requested r q1 a? b?'],
    [
      { type: 'question_resolved', request_id: 'q1', declined: true, message: answered },
      'question_resolved r q1 declined',
    ],
    [
      { type: 'question_voided', request_id: 'q1', reason: 'expired' },
      'question_voided r q1 expired',
    ],
    [
      { type: 'tool_call_refused', step: 1, by: 'rule', message: answered },
      'tool_call_refused r bash by rule: said',
    ],
    [{ type: 'run_suspended', waiting_for: 'approval' }, 'run_suspended r for approval'],
    [{ type: 'run_resumed', incarnation: 1 }, 'run_resumed r'],
    [
      {
        type: 'action_started',
        action_id: 'x',
        step: 1,
        process: { pid: 7, start_ticks: '1', boot_id: 'b' },
      },
      'action_started r x process 7',
    ],
  ] as const)('%j is a line', (event, line) => {
    expect(describeEvent({ ...recorded, ...event })).toBe(line);
  });

  test('a change of the settings says which, and to what it went back', () => {
    const change = { type: 'runtime_configured', revision: 3, seq: 1, at_ms: 0, v: 1 };
    const line = (more: object) => describeEvent({ ...change, ...more } as unknown as StreamEvent);
    expect(line({ setting: 'budgets' })).toBe('runtime_configured revision 3: budgets');
    expect(line({ setting: 'rollback', rollback_of_revision: 1 })).toBe(
      'runtime_configured revision 3: rollback to 1',
    );
  });
});
