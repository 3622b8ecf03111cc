import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { type Digest, KheishError, digestOfText } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import type { Store } from '../store.ts';
import { accepted, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import type { PreparedBody } from './blob-store.ts';

const deleted = (sessionId: string) =>
  recording(sessionId, { type: 'session_deleted', session_id: sessionId });

/** `bytes` of UTF-8 in characters of three bytes, and what does not fit in characters of one. */
function textOf(bytes: number): string {
  return '€'.repeat(Math.floor(bytes / 3)) + 'a'.repeat(bytes % 3);
}

async function keep(store: Store, sessionId: string, text: string): Promise<PreparedBody> {
  const prepared = await store.blobs.prepare(sessionId, text);
  const { body, blobs } = prepared;
  await store.commit({
    ...recording(sessionId, created(sessionId), accepted(sessionId, `run-${sessionId}`, body)),
    blobs,
  });
  return prepared;
}

const refuse = () => {
  throw new KheishError('runs/queue_full', 'no');
};

const files = (root: TemporaryRoot) =>
  existsSync(root.at('assets')) ? readdirSync(root.at('assets')) : [];

const nameOf = (text: string) => digestOfText(text).slice('sha256:'.length);

describe('where a text stands follows from its bytes, not its characters', () => {
  test.each([
    [16_383, 'inline'],
    [16_384, 'inline'],
    [16_385, 'row'],
    [65_535, 'row'],
    [65_536, 'file'],
    [65_537, 'file'],
  ])('%i bytes: %s', async (bytes, place) => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = textOf(bytes);
    const { body, blobs } = await keep(store, 's', text);

    expect(typeof body === 'string').toBe(place === 'inline');
    expect(blobs.map((blob) => blob.data === null)).toEqual(
      place === 'inline' ? [] : [place === 'file'],
    );
    expect(files(root)).toEqual(place === 'file' ? [nameOf(text)] : []);
    if (place !== 'inline') expect(body).toEqual({ blob: digestOfText(text), bytes });
    expect(await store.blobs.text('s', body)).toBe(text);
    await store.close();
    const reopened = root.open();
    expect(await reopened.blobs.text('s', body)).toBe(text);
    expect((await reopened.verify()).findings).toEqual([]);
  });
});

describe('large texts', () => {
  test('are written once, also when many come at the same time', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = textOf(300_000);
    const ids = Array.from({ length: 20 }, (_, index) => `s${index}`);
    const kept = await Promise.all(ids.map((id) => keep(store, id, text)));

    expect(files(root)).toEqual([nameOf(text)]);
    for (const [index, { body }] of kept.entries()) {
      expect(await store.blobs.text(`s${index}`, body)).toBe(text);
    }
    expect((await store.verify()).findings).toEqual([]);
  });

  test('that cannot be written refuse with a code, and may be tried again', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    writeFileSync(root.at('assets'), 'not a directory');
    await expect(store.blobs.prepare('s', textOf(70_000))).rejects.toMatchObject({
      code: 'storage/storage_unavailable',
    });
    rmSync(root.at('assets'));
    await keep(store, 's', textOf(70_000));
    expect((await store.verify()).findings).toEqual([]);
  });

  test('of another session cannot be read by guessing their digest', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const { body } = await keep(store, 's', textOf(70_000));
    await expect(store.blobs.text('other', body)).rejects.toMatchObject({
      code: 'storage/corrupt',
    });
  });

  test('whose file is gone are an error with a code', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const { body } = await keep(store, 's', textOf(70_000));
    rmSync(root.at('assets', nameOf(textOf(70_000))));
    await expect(store.blobs.text('s', body)).rejects.toBeInstanceOf(KheishError);
  });
});

describe('the sweep', () => {
  test('leaves a file whose commit is under way, and takes it once that was refused', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const { blobs } = await store.blobs.prepare('s', textOf(70_000));
    expect(store.blobs.sweep()).toBe(0);
    expect(files(root)).toHaveLength(1);

    await expect(store.commit({ load: {}, decide: refuse, blobs })).rejects.toThrow();
    expect(store.blobs.sweep()).toBe(1);
    expect(files(root)).toEqual([]);
  });

  test('never touches a file while it is written, whatever is deleted meanwhile', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const texts = Array.from({ length: 12 }, (_, index) => `${index}${textOf(400_000)}`);
    const writing = new Set(texts);
    const kept = Promise.all(
      texts.map(async (text, index) => {
        await keep(store, `s${index}`, text);
        writing.delete(text);
      }),
    );
    while (writing.size > 0) {
      store.blobs.sweep();
      await new Promise((resolve) => setImmediate(resolve));
    }
    await kept;
    expect(files(root)).toHaveLength(12);
    expect((await store.verify()).findings).toEqual([]);
  });

  test('leaves a file that one commit still awaits after another with the same text', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = textOf(70_000);
    const second = await store.blobs.prepare('second', text);
    await keep(store, 'first', text);
    await store.commit(deleted('first'));
    expect(files(root)).toHaveLength(1);

    const { body, blobs } = second;
    await store.commit({
      ...recording('second', created('second'), accepted('second', 'run_2', body)),
      blobs,
    });
    await store.commit(recording('other', created('other')));
    store.blobs.sweep();
    expect(await store.blobs.text('second', body)).toBe(text);
    await store.commit(deleted('second'));
    expect(files(root)).toEqual([]);
  });

  test('after a crash takes what was written without a commit, and nothing else', async () => {
    await using root = new TemporaryRoot();
    const before = root.open();
    await before.beginIncarnation();
    await keep(before, 's', textOf(70_000));
    const garbage = 'garbage '.repeat(10_000);
    await before.blobs.prepare('s', garbage);
    await before.close();
    writeFileSync(root.at('assets', `${nameOf('cut off')}.part`), 'half');
    writeFileSync(root.at('assets', 'note-of-the-operator'), 'mine');
    expect(files(root)).toHaveLength(4);

    const store = root.open();
    expect((await store.beginIncarnation()).afterCrash).toBe(true);
    expect(new Set(files(root))).toEqual(new Set([nameOf(textOf(70_000)), 'note-of-the-operator']));
    expect((await store.verify()).findings).toEqual([]);
  });
});

describe('verify', () => {
  test.each<[string, (root: TemporaryRoot, digest: Digest) => void]>([
    ['a file is missing', (root, digest) => rmSync(root.at('assets', digest.slice(7)))],
    ['a file is changed', (root, digest) => writeFileSync(root.at('assets', digest.slice(7)), 'x')],
  ])('finds that %s', async (_, damage) => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const text = textOf(70_000);
    await keep(store, 's', text);
    damage(root, digestOfText(text));
    expect((await store.verify()).findings).toMatchObject([
      { check: 'blob', subject: digestOfText(text) },
    ]);
  });

  test('finds a row of a blob that is missing, changed or not referred to', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    const digests: Digest[] = [];
    for (const id of ['gone', 'changed', 'fine']) {
      await keep(store, id, `${id}${textOf(20_000)}`);
      digests.push(digestOfText(`${id}${textOf(20_000)}`));
    }
    root.sql(
      `DELETE FROM blobs WHERE session_id = 'gone'`,
      `UPDATE blobs SET data = x'00' WHERE session_id = 'changed'`,
      `INSERT INTO blobs SELECT digest, 'gone', bytes, data FROM blobs WHERE session_id = 'fine'`,
    );
    const { findings } = await store.verify();
    expect(findings.map(({ check, subject }) => [check, subject])).toEqual([
      ['blob', digests[0]],
      ['blob', digests[2]],
      ['blob', digests[1]],
    ]);
  });
});
