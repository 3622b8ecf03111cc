import { KheishError } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

const exporting = (pieces: () => AsyncIterable<string>) =>
  runningApi({ handlers: echoHandlers({ exportAudit: () => pieces() }) });

async function* several(count: number): AsyncGenerator<string> {
  for (let at = 0; at < count; at += 1) yield `{"größe":${at}}\n`;
}

test('lines are sent as they are, whatever their number', async () => {
  const { base } = await exporting(() => several(5_000));
  const response = await fetch(`${base}/v1/audit/export`);
  expect(response.headers.get('content-type')).toBe('application/jsonl');
  const lines = (await response.text()).split('\n');
  expect([lines.length, lines[4_999]]).toEqual([5_001, '{"größe":4999}']);
});

test('HEAD has no lines, and asks for none', async () => {
  let asked = 0;
  const { base } = await exporting(async function* () {
    asked += 1;
    yield 'x\n';
  });
  const response = await fetch(`${base}/v1/audit/export`, { method: 'HEAD' });
  expect([response.status, await response.text(), asked]).toEqual([200, '', 0]);
});

test('what is refused before the first line is a problem', async () => {
  const { base } = await exporting(() => {
    throw new KheishError('audit/entry_not_found', 'None.');
  });
  const response = await fetch(`${base}/v1/audit/export`);
  expect([response.status, await response.json()]).toMatchObject([
    404,
    { domain: 'audit', code: 'entry_not_found' },
  ]);
});

test('what fails in the middle cuts the connection: no end is made up', async () => {
  const { base, logged } = await exporting(async function* () {
    yield* several(10);
    throw new Error('the disk is gone');
  });
  const response = await fetch(`${base}/v1/audit/export`);
  await expect(response.text()).rejects.toThrow();
  expect(logged).toMatchObject([
    { message: 'An answer broke off.', fields: { path: '/v1/audit/export' } },
  ]);
});

test('who leaves in the middle ends the work', async () => {
  const ended = Promise.withResolvers<void>();
  const { base } = await exporting(async function* () {
    try {
      for (;;) {
        yield 'x'.repeat(65_536);
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      ended.resolve();
    }
  });
  const leaving = new AbortController();
  const response = await fetch(`${base}/v1/audit/export`, { signal: leaving.signal });
  await response.body?.getReader().read();
  leaving.abort();
  await expect(ended.promise).resolves.toBeUndefined();
});
