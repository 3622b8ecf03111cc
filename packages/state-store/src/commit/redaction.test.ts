import { expect, test } from 'vitest';
import { accepted, created, recording } from '../testing/commands.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';

const hide = (text: string) => text.replaceAll('sk-12345678', '[redacted]');
const redactor = {
  redact: hide,
  redactJson: <T>(value: T): T => JSON.parse(hide(JSON.stringify(value))) as T,
};

test('what is written has no known secret: event, tables, message and long text agree without it', async () => {
  await using root = new TemporaryRoot();
  const store = root.open({ redactor });
  const long = `${'x'.repeat(20_000)} sk-12345678`;
  const { body, blobs } = await store.blobs.prepare('s', long);
  await store.commit(recording('s', created('s', 'be sk-12345678')));
  await store.commit({
    ...recording('s', accepted('s', 'r', body)),
    blobs,
  });
  expect(store.read.session('s')?.system_prompt).toBe('be [redacted]');
  expect(await store.blobs.text('s', body)).toBe(hide(long));
  expect((await store.verify()).findings).toEqual([]);
  await store.close();
  const written = ['journal', 'sessions', 'runs', 'blobs', 'messages'].map((table) =>
    root.rows(`SELECT * FROM ${table}`),
  );
  expect(JSON.stringify(written)).not.toContain('sk-12345678');
});
