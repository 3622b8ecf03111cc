import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { digestOfText } from '../digest/digest.ts';
import type { DomainEvent, EventOf } from '../journal/events.ts';
import { freeze, runEvents, sampleEvents, sessionEvents } from '../testing/sample-events.ts';
import { evolveSession } from './evolve-session.ts';
import type { SessionState } from './session.ts';

function after(...events: readonly DomainEvent[]): SessionState {
  let session: SessionState | undefined;
  for (const [index, event] of events.entries()) session = evolveSession(session, event, index + 1);
  if (session === undefined) throw new Error('no events');
  return session;
}

const { created } = sessionEvents;
const secondAccepted = { ...runEvents.accepted, run_id: 'run_2' };
const working = [created, runEvents.accepted, secondAccepted, runEvents.started] as const;

const talking = (): SessionState => ({
  ...evolveSession(undefined, sessionEvents.created, 1),
  message_count: 10,
  context_tokens: 900,
});

const limited = (target: string, max_tokens: number): EventOf<'context_limited'> => ({
  type: 'context_limited',
  session_id: 's',
  run_id: 'run_1',
  target,
  max_tokens,
});

describe('a compaction', () => {
  const compacted: EventOf<'context_compacted'> = {
    type: 'context_compacted',
    session_id: 's',
    run_id: 'run_1',
    method: 'summary',
    boundary: 6,
    request: 4,
    summarized: 6,
    summary: 'in short',
    outputs_before: 8,
    tokens_before: 900,
    tokens_after: 300,
    covers: digestOfText(''),
  };

  test('is what prompts show from there on, and what is estimated of them', () => {
    const shown = evolveSession(talking(), compacted, 2);
    expect(shown.context_tokens).toBe(300);
    expect(shown.compaction).toEqual({
      boundary: 6,
      request: 4,
      summarized: 6,
      summary: 'in short',
      outputs_before: 8,
      count: 1,
      at_message: 10,
    });
    const { request: _request, summary: _summary, ...cut } = compacted;
    const again = evolveSession(
      shown,
      { ...cut, method: 'cut', boundary: 9, outputs_before: 9 },
      3,
    );
    expect(again.compaction).toEqual({
      boundary: 9,
      summarized: 6,
      outputs_before: 9,
      count: 2,
      at_message: 10,
    });
  });

  test.each([
    ['shows again what was not shown', { boundary: 5 }],
    ['shows an output again', { outputs_before: 7 }],
    ['reaches beyond the transcript', { boundary: 11 }],
    ['reaches with outputs beyond the transcript', { outputs_before: 11 }],
  ])('never %s', (_what, change) => {
    const shown = evolveSession(talking(), compacted, 2);
    expect(() => evolveSession(shown, { ...compacted, ...change }, 3)).toThrow('backwards');
  });

  test('and what providers refused are kept, each for its model', () => {
    const first = evolveSession(talking(), limited('model:a/b', 50), 2);
    const both = evolveSession(first, limited('model:a/c', 70), 3);
    expect(evolveSession(both, limited('model:a/b', 25), 4).context_limits).toEqual({
      'model:a/b': 25,
      'model:a/c': 70,
    });
  });
});

describe('a session', () => {
  test('begins open and empty', () => {
    expect(after(created)).toEqual({
      session_id: 's',
      agent_id: 'agent_1',
      thread_id: 'thread',
      system_prompt: 'said before all',
      status: 'open',
      created_at_ms: 1,
      updated_at_ms: 1,
      queued_run_ids: [],
      message_count: 0,
    });
  });

  test('begins without what it was not given', () => {
    const { thread_id: _thread, system_prompt: _prompt, ...bare } = created;
    const session = after(bare);
    expect(session).not.toHaveProperty('thread_id');
    expect(session).not.toHaveProperty('system_prompt');
  });

  test('queues runs in order, and has one active', () => {
    expect(after(...working.slice(0, 3)).queued_run_ids).toEqual(['run_1', 'run_2']);
    expect(after(...working)).toMatchObject({ active_run_id: 'run_1', queued_run_ids: ['run_2'] });
    const second = { ...runEvents.started, run_id: 'run_2' };
    expect(() => after(...working, second)).toThrow('two active runs');
  });

  test.each(['completed', 'failed', 'interrupted', 'cancelled'] as const)(
    'has no active run after it is %s, and keeps its queue',
    (end) => {
      const session = after(...working, runEvents[end]);
      expect(session).not.toHaveProperty('active_run_id');
      expect(session.queued_run_ids).toEqual(['run_2']);
    },
  );

  test('keeps its active run where a queued one is cancelled', () => {
    const session = after(...working, { ...runEvents.cancelled, run_id: 'run_2' });
    expect(session).toMatchObject({ active_run_id: 'run_1', queued_run_ids: [] });
  });

  test('counts the messages that enter its transcript, and nothing else', () => {
    const { message: _message, usage: _usage, ...silent } = runEvents.settled;
    const counts = [
      ...working,
      runEvents.intended,
      runEvents.settled,
      runEvents.intended,
      silent,
      runEvents.completed,
    ].map((_event, index, events) => after(...events.slice(0, index + 1)).message_count);
    expect(counts).toEqual([0, 0, 0, 1, 1, 2, 2, 2, 2]);
  });

  test('adds up what its runs used', () => {
    const twice = [...working, runEvents.intended, runEvents.settled, runEvents.settled];
    expect(after(...twice).usage).toEqual({
      input_tokens: 20,
      output_tokens: 4,
      cached_input_tokens: 8,
    });
  });

  test('takes a policy, and drops it again', () => {
    const set = [created, sessionEvents.policySet] as const;
    expect(after(...set).route_policy).toEqual({ route_id: 'other' });
    const dropped = after(...set, { ...sessionEvents.policySet, route_policy: null });
    expect(dropped).not.toHaveProperty('route_policy');
  });

  test('ends with a reason, and loses its texts where it is deleted', () => {
    const ended = after(created, sessionEvents.ended);
    expect(ended).toMatchObject({ status: 'ended', ended_at_ms: 2, end_reason: 'said at the end' });
    expect(after(created, { type: 'session_ended', session_id: 's' })).not.toHaveProperty(
      'end_reason',
    );
    const deleted = after(created, sessionEvents.ended, sessionEvents.deleted);
    expect(deleted.status).toBe('deleted');
    expect(JSON.stringify(deleted)).not.toContain('said');
  });

  test('is created once, and nothing happens to one that was not', () => {
    expect(() => after(created, created)).toThrow('created twice');
    expect(() => after(sessionEvents.ended)).toThrow('does not exist');
  });
});

test('evolving changes neither its session nor its event, gives the same twice, and what JSON can keep', () => {
  const event = fc.constantFrom(...sampleEvents.filter((each) => 'session_id' in each));
  fc.assert(
    fc.property(fc.array(event, { maxLength: 12 }), (events) => {
      let session: SessionState | undefined = after(created);
      for (const [atMs, next] of events.entries()) {
        const frozen: SessionState = freeze(session);
        try {
          session = evolveSession(frozen, freeze(next), atMs);
        } catch (error) {
          expect(error).not.toBeInstanceOf(TypeError);
          continue;
        }
        expect(evolveSession(frozen, next, atMs)).toEqual(session);
        expect(session.updated_at_ms).toBe(atMs);
        expect(JSON.parse(JSON.stringify(session))).toStrictEqual(session);
      }
    }),
  );
});
