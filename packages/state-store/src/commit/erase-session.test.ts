import { readdirSync, readFileSync } from 'node:fs';
import { digestOfText } from '@kheish/core-model';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import {
  accepted,
  answered,
  completed,
  created,
  failed,
  intended,
  recording,
  started,
} from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const CANARY = 'canary-5d1c';
const deleted = { type: 'session_deleted', session_id: 's' } as const;

/** Files of the root in which the canary stands. */
function traces(root: TemporaryRoot): string[] {
  return readdirSync(root.path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== 'daemon.lock')
    .map((entry) => `${entry.parentPath}/${entry.name}`)
    .filter((file) => readFileSync(file).includes(CANARY));
}

/** The canary in every place where a session may carry text, small and large. */
async function sayMuch(store: Store): Promise<void> {
  const { blobs } = store;
  const row = await blobs.prepare('s', `${CANARY} row ${'é'.repeat(10_000)}`);
  const file = await blobs.prepare('s', `${CANARY} file ${'é'.repeat(40_000)}`);
  await store.commitOnce({
    ...recording('s', created('s', `prompt ${CANARY}`)),
    idempotency: { scope: 'x', key: CANARY, fingerprint: digestOfText(CANARY) },
    answer: () => ({ status: 201, body: JSON.stringify({ system_prompt: CANARY }) }),
  });
  const request = accepted('s', 'run_1', row.body);
  const question = { ...request.request, text_preview: CANARY, metadata: { note: CANARY } };
  await store.commit({
    ...recording(
      's',
      { ...request, request: question },
      started('s', 'run_1'),
      intended('s', 'run_1', 'a1'),
      answered('s', 'run_1', 'a1', file.body, [
        { type: 'tool_call', tool_call_id: 'c1', tool_name: 'read_file', input: { path: CANARY } },
        { type: 'tool_call', tool_call_id: 'c2', tool_name: 'read_file', raw_input: CANARY },
      ]),
      completed('s', 'run_1', `short ${CANARY}`),
    ),
    blobs: [...row.blobs, ...file.blobs],
  });
  await store.commit(
    recording(
      's',
      accepted('s', 'run_2', `question ${CANARY} ${'x'.repeat(9_000)}`),
      started('s', 'run_2'),
      intended('s', 'run_2', 'a2'),
    ),
  );
  const error = { domain: 'models', code: 'invalid_request', detail: `refused: ${CANARY}` };
  await store.commit(
    recording(
      's',
      {
        ...intendedTool('a3'),
      },
      settledTool('a3', error),
    ),
  );
  const { message: _message, usage: _usage, ...settled } = answered('s', 'run_2', 'a2', '');
  await store.commit(recording('s', { ...settled, outcome: 'failed', error }));
  await store.commit(recording('s', failed('s', 'run_2', error)));
  await store.commit(
    recording('s', { type: 'session_ended', session_id: 's', reason: `because ${CANARY}` }),
  );
}

function intendedTool(actionId: string) {
  const kind = 'tool_call';
  return {
    ...intended('s', 'run_2', actionId),
    kind,
    target: 'tool:read_file',
    tool_call_id: 'c3',
  } as const;
}

function settledTool(actionId: string, error: { domain: string; code: string; detail: string }) {
  return {
    type: 'action_settled',
    session_id: 's',
    run_id: 'run_2',
    action_id: actionId,
    step: 1,
    kind: 'tool_call',
    target: 'tool:read_file',
    outcome: 'failed',
    error,
    message: {
      role: 'tool',
      tool_call_id: 'c3',
      tool_name: 'read_file',
      content: `no such file: ${CANARY}`,
      is_error: true,
    },
  } as const;
}

describe('deleting a session', () => {
  test('leaves its texts in no file of the root, and the store in order', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await store.commit(recording('other', created('other', 'stays')));
    await sayMuch(store);
    expect(traces(root).length).toBeGreaterThan(1);

    await store.commit(recording('s', deleted));

    expect(traces(root)).toEqual([]);
    expect((await store.verify()).findings).toEqual([]);
    expect(store.read.session('other')?.system_prompt).toBe('stays');
    await store.close();
    expect(traces(root)).toEqual([]);
    const reopened = root.open();
    expect((await reopened.verify()).findings).toEqual([]);
    expect(reopened.read.session('s')).toMatchObject({ status: 'deleted', message_count: 4 });
  });

  test('keeps the digests and the sizes of what was said', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = `${CANARY} ${'é'.repeat(10_000)}`;
    const long = await store.blobs.prepare('s', text);
    await store.commit({
      ...recording('s', created('s'), accepted('s', 'run_1', long.body)),
      blobs: long.blobs,
    });
    await store.commit(recording('s', accepted('s', 'run_2', CANARY)));
    await store.commit(recording('s', deleted));

    const contents = store.feed
      .page({ after: 0, limit: 10, sessionId: 's' })
      .rows.filter((row) => row.type === 'run_accepted')
      .map((row) => JSON.parse(row.body).request.content);
    expect(contents).toEqual([
      { erased: digestOfText(text), bytes: Buffer.byteLength(text) },
      { erased: digestOfText(CANARY), bytes: CANARY.length },
    ]);
    expect(store.read.run('run_1')?.request.content).toEqual(contents[0]);
    expect(await store.blobs.text('s', contents[0])).toBe('');
  });

  test('takes only its own: the same large text stays for another session', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = 'x'.repeat(100_000);
    for (const id of ['s', 'other']) {
      const { body, blobs } = await store.blobs.prepare(id, text);
      await store.commit({
        ...recording(id, created(id), accepted(id, `run-${id}`, body)),
        blobs,
      });
    }
    await store.commit(recording('s', deleted));
    const body = store.read.run('run-other')?.request.content ?? '';
    expect(await store.blobs.text('other', body)).toBe(text);
    expect((await store.verify()).findings).toEqual([]);

    await store.commit(recording('other', { ...deleted, session_id: 'other' }));
    expect(readdirSync(root.at('assets'))).toEqual([]);
  });

  test('makes the key of an erased answer free: a twin is decided anew', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const once = {
      ...recording('s', created('s', CANARY)),
      idempotency: { scope: 'x', key: 'k', fingerprint: 'f' },
      answer: () => ({ status: 201, body: CANARY }),
    };
    await store.commitOnce(once);
    await store.commit(recording('s', deleted));
    const again = { ...once, decide: () => undefined };
    expect(await store.commitOnce(again)).toEqual({ result: undefined });
  });

  test('while the store is being verified, the log is emptied as soon as that ends', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await sayMuch(store);
    const verifying = store.verify();
    await store.commit(recording('s', deleted));
    expect((await verifying).findings).toEqual([]);
    expect(traces(root)).toEqual([]);
  });

  test('while another process reads, the log is emptied at the next deletion or close', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    await sayMuch(store);
    const reader = new Database(root.at('kheish.db'), { readonly: true });
    reader.exec('BEGIN');
    reader.prepare('SELECT count(*) FROM journal').get();
    await store.commit(recording('s', deleted));
    expect(traces(root)).not.toEqual([]);
    reader.close();
    await store.close();
    expect(traces(root)).toEqual([]);
  });
});
