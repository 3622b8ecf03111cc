import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { all } from '../harness/soundness.ts';

const canary = 'canary-of-the-state-root';
const open = 'words-that-anyone-may-read';

/** What the tool answered to one call, as the model got it. */
async function called(client: Client, tool: string, input: object): Promise<string> {
  const session = await client.sessions.create({});
  const content = `scripted: call ${tool} ${JSON.stringify(input)}`;
  const { run_id } = await client.sessions.submit(session.session_id, { content });
  await client.runs.wait(run_id);
  const messages = await all(client.sessions.messages(session.session_id));
  const answer = messages.find(({ role }) => role === 'tool');
  return answer?.role === 'tool' ? answer.content : '';
}

test('a state root inside the workspace is invisible to every tool, by every name', async () => {
  using outer = sandbox();
  const stateRoot = join(outer.workspaceRoot, 'state');
  const box: Sandbox = { ...outer, stateRoot };
  mkdirSync(stateRoot, { recursive: true });
  const workspace = (name: string) => join(outer.workspaceRoot, name);
  writeFileSync(workspace('open.txt'), open);
  await using daemon = await startDaemon({ sandbox: box });
  writeFileSync(join(stateRoot, 'secret.txt'), canary);
  mkdirSync(join(stateRoot, 'assets'), { recursive: true });
  writeFileSync(join(stateRoot, 'assets', 'deep.txt'), canary);
  mkdirSync(workspace('links'));
  symlinkSync(stateRoot, workspace('links/root'));
  symlinkSync('../state', workspace('links/relative'));
  symlinkSync(join(stateRoot, 'secret.txt'), workspace('links/file'));
  symlinkSync('root', workspace('links/twice'));
  linkSync(join(stateRoot, 'secret.txt'), workspace('links/hard.txt'));
  linkSync(join(stateRoot, 'kheish.db'), workspace('links/hard.db'));
  const client = createClient({ baseUrl: daemon.url });

  expect(await called(client, 'read_file', { path: 'open.txt' })).toContain(open);
  for (const path of [
    'state/secret.txt',
    './state/../state/secret.txt',
    'links/../state/secret.txt',
    join(stateRoot, 'secret.txt'),
    `/proc/self/cwd/${stateRoot}/secret.txt`,
    `/proc/${daemon.pid}/root${stateRoot}/secret.txt`,
    '../workspace/state/secret.txt',
    'state//secret.txt',
    'state/./assets/deep.txt',
    'links/root/secret.txt',
    'links/relative/secret.txt',
    'links/twice/secret.txt',
    'links/file',
    'links/hard.txt',
    'links/hard.db',
    'state/kheish.db',
    'state/kheish.db-wal',
    'state/daemon.lock',
    'state/daemon.json',
    'STATE/secret.txt',
    'state/secret.txt\u0000',
    'state/secret.txt/',
  ]) {
    const answer = await called(client, 'read_file', { path });
    expect(answer, path).not.toContain(canary);
    expect(answer, path).not.toMatch(/SQLite format|root_id/);
  }
  for (const path of ['.', 'state', 'links', 'links/root', 'links/twice/assets', stateRoot]) {
    const listed = await called(client, 'list_files', { path });
    expect(listed, path).not.toMatch(/secret\.txt|deep\.txt|kheish\.db|hard\./);
    const globbed = await called(client, 'glob_search', { pattern: '**/*', path });
    expect(globbed, path).not.toMatch(/secret\.txt|deep\.txt|kheish\.db|hard\./);
    const found = await called(client, 'grep_search', { pattern: 'canary-of', path });
    expect(found, path).not.toMatch(/secret\.txt|deep\.txt|hard\.txt|of-the-state-root/);
  }
  for (const pattern of [
    'state/**',
    '{state,links}/**',
    '**/secret.txt',
    '**/*.db*',
    '../**',
    `${stateRoot}/*`,
  ]) {
    const globbed = await called(client, 'glob_search', { pattern });
    expect(globbed, pattern).not.toMatch(/state\/|links\/.*(secret|hard)/);
  }
  expect(await called(client, 'grep_search', { pattern: 'words-that' })).toContain('open.txt');
  // The lock is still held after all of this: nobody opened and closed it in the daemon's process.
  await expect(startDaemon({ sandbox: box })).rejects.toThrow(/root_locked|is in use/);
}, 120_000);
