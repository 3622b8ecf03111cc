import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { RecordedRow } from '../commit/append.ts';
import { RecentRows } from './recent-rows.ts';

const row = (seq: number, run: number, first: boolean, body = '{}'): RecordedRow => ({
  seq,
  type: first ? 'run_accepted' : 'run_started',
  session_id: `session-${run % 3}`,
  run_id: `run-${run}`,
  body,
});

/** A journal in which each run is accepted once, before anything else of it. */
const journals = fc.array(fc.nat(8), { maxLength: 60 }).map((runs) => {
  const seen = new Set<number>();
  return runs.map((run, index) => {
    const first = !seen.has(run);
    seen.add(run);
    return row(index + 1, run, first);
  });
});

test('gives all that matches or says that it cannot know', () => {
  const filters = fc.record({
    after: fc.nat(70),
    runId: fc.option(
      fc.nat(9).map((run) => `run-${run}`),
      { nil: undefined },
    ),
    sessionId: fc.option(
      fc.nat(3).map((session) => `session-${session}`),
      { nil: undefined },
    ),
  });
  fc.assert(
    fc.property(journals, fc.nat(60), filters, (journal, known, { after, runId, sessionId }) => {
      const recent = new RecentRows();
      recent.add(journal.slice(known));
      const filter = {
        after,
        ...(runId !== undefined && { runId }),
        ...(sessionId !== undefined && { sessionId }),
      };
      const found = recent.matching(filter);
      const all = journal.filter(
        (candidate) =>
          candidate.seq > after &&
          (runId === undefined || candidate.run_id === runId) &&
          (sessionId === undefined || candidate.session_id === sessionId),
      );
      if (found !== undefined) expect(found).toEqual(all);
      else expect(known >= journal.length || after < known).toBe(true);
    }),
  );
});

test('a run whose beginning is here is known as a whole, whatever came before', () => {
  const recent = new RecentRows();
  recent.add([row(7, 1, false), row(8, 2, true), row(9, 2, false)]);
  expect(recent.matching({ after: 0, runId: 'run-2' })?.map(({ seq }) => seq)).toEqual([8, 9]);
  expect(recent.matching({ after: 0, runId: 'run-1' })).toBeUndefined();
  expect(recent.matching({ after: 0 })).toBeUndefined();
  expect(recent.matching({ after: 6 })?.map(({ seq }) => seq)).toEqual([7, 8, 9]);
});

test('starts anew after a gap', () => {
  const recent = new RecentRows();
  recent.add([row(1, 1, true)]);
  recent.add([row(3, 1, false)]);
  expect(recent.matching({ after: 0 })).toBeUndefined();
  expect(recent.matching({ after: 2 })?.length).toBe(1);
});

test.each([
  ['rows', 2_000, '{}', 1_024],
  ['characters', 20, 'x'.repeat(100_000), 10],
])('is bounded in %s', (_, count, body, kept) => {
  const recent = new RecentRows();
  for (let seq = 1; seq <= count; seq += 1) recent.add([row(seq, seq, true, body)]);
  expect(recent.matching({ after: count - kept })?.length).toBe(kept);
  expect(recent.matching({ after: count - kept - 1 })).toBeUndefined();
});
