import { expect, test } from 'vitest';
import { createClient } from '../create-client.ts';
import { DaemonUnreachable } from '../errors.ts';
import { problem, serve } from '../testing/journal-server.ts';

async function textOf(pieces: AsyncIterable<Uint8Array>): Promise<string> {
  const utf8 = new TextDecoder();
  let text = '';
  for await (const piece of pieces) text += utf8.decode(piece, { stream: true });
  return text;
}

test('an answer of any length comes piece by piece', async () => {
  const line = `{"a":"${'ü'.repeat(10_000)}"}\n`;
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.end(line.repeat(20));
  });
  const { audit } = createClient({ baseUrl: server.baseUrl });
  expect(await textOf(audit.export({ runId: 'r', sinceTreeSize: 7 }))).toBe(line.repeat(20));
  expect(server.requests[0]?.url).toBe('/v1/audit/export?run_id=r&since_tree_size=7');
});

test('one that is cut off is not taken for whole', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.write('{"a":1}\n', () => response.destroy());
  });
  const { audit } = createClient({ baseUrl: server.baseUrl });
  await expect(textOf(audit.export())).rejects.toThrow(DaemonUnreachable);
});

test('a refusal is what the daemon reports', async () => {
  await using server = await serve((_, response) =>
    problem(response, 404, 'audit/entry_not_found'),
  );
  const { audit } = createClient({ baseUrl: server.baseUrl });
  await expect(textOf(audit.export())).rejects.toMatchObject({ code: 'audit/entry_not_found' });
});

test('an abort in the middle is its reason', async () => {
  await using server = await serve((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.write('{"a":1}\n');
  });
  const leaving = new AbortController();
  const { audit } = createClient({ baseUrl: server.baseUrl });
  const reading = async () => {
    for await (const _piece of audit.export({ signal: leaving.signal })) {
      leaving.abort(new Error('enough'));
    }
  };
  await expect(reading()).rejects.toThrow('enough');
});
