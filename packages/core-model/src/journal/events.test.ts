import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { ActionKind, EffectClass } from '../run/run.ts';
import { daemonEvents, runEvents, sampleEvents, slotEvents } from '../testing/sample-events.ts';
import {
  ActionOutcome,
  DomainEvent,
  EVENT_SCHEMA_VERSION,
  RecordedEvent,
  endsRun,
  runIdOf,
  sessionIdOf,
} from './events.ts';

const samples = sampleEvents.map((event) => [event.type, event] as const);
const place = { seq: 7, at_ms: 1_000, v: EVENT_SCHEMA_VERSION };

/** What may be left out of an event; anything else is needed. */
const optional: Partial<Record<DomainEvent['type'], readonly string[]>> = {
  daemon_started: ['restored'],
  session_created: ['thread_id', 'system_prompt', 'credential_scope'],
  session_ended: ['reason'],
  run_started: ['config_revision', 'input_digest'],
  action_intended: ['tool_call_id', 'approval', 'grant_id'],
  action_started: ['process'],
  action_settled: ['response_digest', 'message', 'usage', 'error', 'death_unproven'],
  context_compacted: ['request', 'summary'],
  approval_resolved: ['resolved_by', 'updated_input', 'justification', 'reason'],
  question_resolved: ['resolved_by', 'justification'],
  question_voided: ['justification'],
  task_created: ['command'],
  task_updated: ['title', 'description', 'status', 'blocked_by', 'output', 'call'],
  task_started: ['process'],
  task_stop_requested: ['reason'],
  task_settled: ['output', 'shell_end'],
  token_created: ['expires_at_ms'],
  runtime_configured: ['rollback_of_revision'],
};

describe('an event', () => {
  test('of every type is among the samples', () => {
    const types = DomainEvent.options.map((option) => option.entries.type.literal);
    expect(types.filter((type) => !sampleEvents.some((event) => event.type === type))).toEqual([]);
  });

  test.each(samples)('%s is read as it was written, with its place and without', (_type, event) => {
    expect(v.parse(DomainEvent, event)).toStrictEqual(event);
    expect(v.parse(RecordedEvent, { ...event, ...place })).toStrictEqual({ ...event, ...place });
  });

  test.each(samples)('%s has no field but its own', (_type, event) => {
    expect(v.is(DomainEvent, { ...event, extra: 1 })).toBe(false);
    expect(v.is(RecordedEvent, { ...event, ...place, extra: 1 })).toBe(false);
    expect(v.is(RecordedEvent, event)).toBe(false);
  });

  test.each(samples)('%s lacks only what it may lack', (type, event) => {
    const lacking = Object.keys(event).filter((field) => {
      const { [field]: _dropped, ...rest } = event as Record<string, unknown>;
      return v.is(DomainEvent, rest);
    });
    const mayLack = (optional[type] ?? []).filter((field) => field in event);
    expect(lacking.toSorted()).toEqual(mayLack.toSorted());
  });

  test('of an unknown type is none', () => {
    expect(v.is(DomainEvent, { type: 'session_forgotten', session_id: 's' })).toBe(false);
    expect(v.is(DomainEvent, { session_id: 's' })).toBe(false);
  });
});

test('the words of journals that were written are understood for ever', () => {
  for (const outcome of ['succeeded', 'failed', 'aborted', 'unknown_outcome']) {
    expect(v.is(ActionOutcome, outcome)).toBe(true);
  }
  for (const effect of ['repeatable', 'keyed', 'once'])
    expect(v.is(EffectClass, effect)).toBe(true);
  for (const kind of ['model_call', 'tool_call', 'compaction'])
    expect(v.is(ActionKind, kind)).toBe(true);
});

test('four types of events are the last of their run, and no other', () => {
  expect(sampleEvents.filter(({ type }) => endsRun(type))).toEqual([
    runEvents.completed,
    runEvents.failed,
    runEvents.interrupted,
    runEvents.cancelled,
  ]);
});

test('an event tells which session and run it is of', () => {
  expect([sessionIdOf(runEvents.started), runIdOf(runEvents.started)]).toEqual(['s', 'run_1']);
  expect(sessionIdOf({ type: 'session_deleted', session_id: 's' })).toBe('s');
  expect(runIdOf({ type: 'session_deleted', session_id: 's' })).toBeUndefined();
  expect(sessionIdOf(slotEvents.set)).toBeUndefined();
  expect(sessionIdOf(daemonEvents.started)).toBeUndefined();
});
