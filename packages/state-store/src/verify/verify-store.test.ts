import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { accepted, conversation, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const seal = (version: number) => ({
  slot_id: 'key',
  provider: 'openai',
  mode: 'api_key',
  summary: '…abcd',
  version,
  updated_at_ms: 1,
  key_id: 'k1',
  nonce: new Uint8Array([1]),
  ciphertext: new Uint8Array([2]),
});

async function setSlot(store: Store, version: number): Promise<void> {
  await store.commit({
    load: { slots: ['key'] },
    decide: (state) => {
      state.record({ type: 'secret_slot_set', slot_id: 'key', provider: 'openai', version });
      state.seal('key', seal(version) as Parameters<typeof state.seal>[1]);
    },
  });
}

/** seq 1 starts the daemon, 2 and 3 create s and t, 4 to 8 are run_1 of s, 9 accepts run_2 of t, 10 seals. */
async function filled(root: TemporaryRoot): Promise<Store> {
  const store = root.open();
  await store.beginIncarnation();
  await store.commit(recording('s', created('s')));
  await store.commit(recording('t', created('t')));
  await store.commit(conversation('s', 'run_1', 'question', 'answer'));
  await store.commit(recording('t', accepted('t', 'run_2')));
  await setSlot(store, 1);
  expect(store.feed.head()).toBe(10);
  return store;
}

describe('verify', () => {
  test('of a store in order finds nothing and counts everything', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    expect(await store.verify()).toEqual({
      ok: true,
      root_id: store.root.rootId,
      schema_version: store.root.schemaVersion,
      events: 10,
      sessions: 2,
      runs: 2,
      messages: 2,
      blobs: 0,
      findings: [],
    });
  });

  test.each<[string, string, [string, string][]]>([
    [
      'a changed session',
      `UPDATE sessions SET state = json_set(state, '$.message_count', 9) WHERE session_id = 's'`,
      [['session', 's']],
    ],
    [
      'a session with another status',
      `UPDATE sessions SET status = 'ended' WHERE session_id = 's'`,
      [['session', 's']],
    ],
    [
      'a session with another version',
      `UPDATE sessions SET seq = 1 WHERE session_id = 's'`,
      [['session', 's']],
    ],
    [
      'a session that is no JSON',
      `UPDATE sessions SET state = '{' WHERE session_id = 's'`,
      [['session', 's']],
    ],
    [
      'a wrong count',
      `UPDATE tallies SET count = count + 1 WHERE kind = 'run' AND status = 'completed'`,
      [['tally', 'run completed']],
    ],
    ['a missing count', `DELETE FROM tallies WHERE kind = 'session'`, [['tally', 'session open']]],
    ['a missing session', `DELETE FROM sessions WHERE session_id = 's'`, [['session', 's']]],
    [
      'an extra session',
      `INSERT INTO sessions SELECT 'x', seq, status, state FROM sessions WHERE session_id = 's'`,
      [['replay', 'x']],
    ],
    [
      'a changed run',
      `UPDATE runs SET state = json_set(state, '$.step', 7) WHERE run_id = 'run_1'`,
      [['run', 'run_1']],
    ],
    [
      'a run with another status',
      `UPDATE runs SET status = 'running' WHERE run_id = 'run_1'`,
      [['run', 'run_1']],
    ],
    [
      'a run on another route',
      `UPDATE runs SET route_id = 'x' WHERE run_id = 'run_1'`,
      [['run', 'run_1']],
    ],
    [
      'a run with another version',
      `UPDATE runs SET seq = 4 WHERE run_id = 'run_1'`,
      [['run', 'run_1']],
    ],
    [
      'a run with another place',
      `UPDATE runs SET first_seq = 5 WHERE run_id = 'run_1'`,
      [['run', 'run_1']],
    ],
    ['a missing run', `DELETE FROM runs WHERE run_id = 'run_1'`, [['run', 'run_1']]],
    [
      'an extra run',
      `INSERT INTO runs SELECT 99, 'x', session_id, seq, status, route_id, state, pending FROM runs
       WHERE run_id = 'run_1'`,
      [['run', 'x']],
    ],
    [
      'a changed message',
      `UPDATE messages SET body = json_set(body, '$.content', 'other') WHERE idx = 0`,
      [['transcript', 's']],
    ],
    ['a missing message', `DELETE FROM messages WHERE idx = 1`, [['transcript', 's']]],
    [
      'an extra message',
      `INSERT INTO messages VALUES ('t', 0, 9, 'run_2', '{"role":"user","content":"hello"}')`,
      [['transcript', 't']],
    ],
    [
      'a message that is no JSON',
      `UPDATE messages SET body = 'x' WHERE idx = 1`,
      [['transcript', 's']],
    ],
    [
      'a gap in the journal',
      `DELETE FROM journal WHERE seq = 5`,
      [
        ['sequence', 'journal'],
        ['replay', 's'],
      ],
    ],
    [
      'a journal without its beginning',
      `DELETE FROM journal WHERE seq = 1`,
      [['sequence', 'journal']],
    ],
    [
      'a changed event',
      `UPDATE journal SET body = json_set(body, '$.request.content', 'other') WHERE seq = 9`,
      [['run', 'run_2']],
    ],
    [
      'an event that is no JSON',
      `UPDATE journal SET body = '{' WHERE seq = 9`,
      [
        ['event', '9'],
        ['replay', 't'],
      ],
    ],
    [
      'an event under another type',
      `UPDATE journal SET type = 'run_failed' WHERE seq = 9`,
      [['event', '9']],
    ],
    [
      'an event under another run',
      `UPDATE journal SET run_id = 'x' WHERE seq = 9`,
      [['event', '9']],
    ],
    [
      'an event of no session',
      `UPDATE journal SET session_id = NULL WHERE seq = 9`,
      [
        ['event', '9'],
        ['session', 't'],
        ['run', 'run_2'],
        ['tally', 'run queued'],
      ],
    ],
    [
      'an event that does not know its own number',
      `UPDATE journal SET body = json_set(body, '$.seq', 8) WHERE seq = 9`,
      [['event', '9']],
    ],
    ['a slot of another version', `UPDATE secret_slots SET version = 2`, [['slot', 'key']]],
    ['a slot that lost its value', `UPDATE secret_slots SET ciphertext = NULL`, [['slot', 'key']]],
    ['a missing slot', `DELETE FROM secret_slots`, [['slot', 'key']]],
    [
      'an extra slot',
      `INSERT INTO secret_slots SELECT 'x', provider, mode, summary, version, updated_at_ms, key_id,
       nonce, ciphertext, details FROM secret_slots`,
      [['slot', 'x']],
    ],
  ])('finds %s, and names it', async (_, damage, expected) => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    root.sql(damage);
    const { ok, findings } = await store.verify();
    expect(findings.map(({ check, subject }) => [check, subject])).toEqual(expected);
    expect(ok).toBe(false);
  });

  test('agrees with a slot through writes and deletes', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    await setSlot(store, 2);
    await store.commit({
      load: { slots: ['key'] },
      decide: (state) => {
        state.record({ type: 'secret_slot_deleted', slot_id: 'key', version: 2 });
        state.seal('key', undefined);
      },
    });
    expect((await store.verify()).findings).toEqual([]);
    expect(store.read.slot('key')).toBeUndefined();
    expect(root.rows('SELECT nonce, ciphertext, summary, version FROM secret_slots')).toEqual([
      { nonce: null, ciphertext: null, summary: '', version: 2 },
    ]);
    await setSlot(store, 3);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('agrees with slots that were sealed anew, and finds one that was not', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    const rekey = (told: number, kept: number) =>
      store.commit({
        load: { slots: ['key'] },
        decide: (state) => {
          const slots = [{ slot_id: 'key', version: told }];
          state.record({ type: 'secrets_rekeyed', old_key_id: 'a', new_key_id: 'b', slots });
          const { slot } = state.slot('key');
          state.seal('key', slot && { ...slot, version: kept, key_id: 'b' });
        },
      });
    await rekey(2, 2);
    expect((await store.verify()).findings).toEqual([]);
    await rekey(3, 2);
    expect((await store.verify()).findings).toMatchObject([{ check: 'slot', subject: 'key' }]);
  });

  test('sees one moment while the store goes on', async () => {
    await using root = new TemporaryRoot();
    const store = await filled(root);
    const ids = Array.from({ length: 50 }, (_, index) => `s${index}`);
    for (const id of ids) await store.commit(recording(id, created(id)));
    const verifying = store.verify();
    for (const id of ids) await store.commit(conversation(id, `run-${id}`, 'q', 'a'));
    expect(await verifying).toMatchObject({ ok: true, events: 60 });
    expect(await store.verify()).toMatchObject({ ok: true, events: 310 });
  });
});

describe('a start', () => {
  test('knows whether the one before it left in order', async () => {
    await using root = new TemporaryRoot();
    const facts = [];
    for (const inOrder of [true, false, true, false]) {
      const store = root.open();
      const incarnation = await store.beginIncarnation();
      facts.push([incarnation.number, incarnation.afterCrash]);
      if (inOrder) await incarnation.end();
      await store.close();
    }
    expect(facts).toEqual([
      [1, false],
      [2, false],
      [3, true],
      [4, false],
    ]);
    expect((await root.open().verify()).findings).toEqual([]);
  });
});
