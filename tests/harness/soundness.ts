import type { Client, MessageView, RecordedEvent, SessionView } from '@kheish/client-sdk';
import { expect } from 'vitest';

const ends = new Set(['run_completed', 'run_failed', 'run_interrupted', 'run_cancelled']);

export async function all<T>(listing: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of listing) items.push(item);
  return items;
}

/**
 * What must hold of a daemon at rest, whatever happened to it before: the tables are what the journal says,
 * nothing runs or waits, and nothing was recorded twice or left out.
 */
export async function expectSound(client: Client): Promise<void> {
  const report = await client.store.verify();
  expect(report.findings).toEqual([]);
  expect(report.ok).toBe(true);
  for (const session of await all(client.sessions.list({ limit: 100 }))) {
    const { session_id: id } = session;
    const events = await all(client.sessions.events(id, { limit: 100 }));
    const messages = await all(client.sessions.messages(id, { limit: 100 }));
    expectAtRest(session, messages);
    for (const runId of new Set(
      events.flatMap((event) => ('run_id' in event ? event.run_id : [])),
    )) {
      expectRecordedOnce(events.filter((event) => 'run_id' in event && event.run_id === runId));
    }
    expectCallsAnswered(events, messages);
  }
}

function expectAtRest(session: SessionView, messages: readonly MessageView[]): void {
  expect(session).toMatchObject({ queued_run_count: 0, message_count: messages.length });
  expect(session.status).not.toBe('running');
  expect(session.active_run_id).toBeUndefined();
  expect(messages.map(({ index }) => index)).toEqual(messages.map((_message, index) => index));
}

/** One run: accepted, started and ended once; each action intended once and settled once; no step left out. */
function expectRecordedOnce(events: readonly RecordedEvent[]): void {
  const count = (is: (event: RecordedEvent) => boolean) => events.filter(is).length;
  const numbers = events.map(({ seq }) => seq);
  expect(numbers).toEqual([...new Set(numbers)].toSorted((a, b) => a - b));
  expect(events[0]?.type).toBe('run_accepted');
  expect(count(({ type }) => type === 'run_accepted')).toBe(1);
  expect(count(({ type }) => type === 'run_started')).toBeLessThanOrEqual(1);
  expect(count(({ type }) => ends.has(type))).toBe(1);
  expect(ends.has(events.at(-1)?.type ?? '')).toBe(true);

  const intended = events.filter((event) => event.type === 'action_intended');
  const settled = events.filter((event) => event.type === 'action_settled');
  const ids = intended.map(({ action_id }) => action_id);
  expect(new Set(ids).size).toBe(ids.length);
  expect(settled.map(({ action_id }) => action_id).toSorted()).toEqual(ids.toSorted());
  const steps = intended.filter(({ kind }) => kind === 'model_call').map(({ step }) => step);
  expect(steps).toEqual(steps.map((_step, index) => index + 1));
}

/** Each call has one answer in the transcript: it was carried out, refused, or answered by a person. */
function expectCallsAnswered(
  events: readonly RecordedEvent[],
  messages: readonly MessageView[],
): void {
  const calls = events.flatMap((event) => {
    if (event.type === 'action_intended' && event.kind === 'tool_call') {
      return event.tool_call_id ?? '';
    }
    const answers = event.type === 'tool_call_refused' || event.type === 'question_resolved';
    return answers ? event.message.tool_call_id : [];
  });
  const answers = messages.flatMap((message) =>
    message.role === 'tool' ? message.tool_call_id : [],
  );
  expect(answers.toSorted()).toEqual(calls.toSorted());
}
