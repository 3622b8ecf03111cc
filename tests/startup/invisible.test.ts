import { linkSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, jsonOf } from '../harness/kheish-command.ts';

interface Message {
  readonly role: string;
  readonly content?: string;
}

it('agents see their workspace, and nothing of the daemon by whatever name [holds workspace.daemon_invisible]', async () => {
  using box = sandbox();
  const { workspaceRoot } = box;
  mkdirSync(workspaceRoot);
  writeFileSync(join(workspaceRoot, 'notes.txt'), 'plain-notes\n');
  box.file('outside.txt', 'canary-outside\n');
  const token = join(workspaceRoot, 'admin.token');
  writeFileSync(token, 'canary-token\n');
  linkSync(token, join(workspaceRoot, 'hard-link'));
  const nested = {
    ...box,
    stateRoot: join(workspaceRoot, 'state'),
    [Symbol.dispose]: () => undefined,
  };
  symlinkSync(nested.stateRoot, join(workspaceRoot, 'soft-link'));
  symlinkSync(box.directory, join(workspaceRoot, 'upwards'));
  // Tokens and roots within each other would be refused; without authentication the file is secret all the same.
  const args = ['--http-admin-token-file', token, '--http-auth-mode', 'none'];
  await using daemon = await startDaemon({ sandbox: nested, args });
  const env = at(daemon);
  await jsonOf(['sessions', 'create', 'demo'], { env });

  const paths = ['state/daemon.json', 'soft-link/daemon.json', 'admin.token', 'hard-link'];
  const outside = ['../outside.txt', 'upwards/outside.txt', join(box.directory, 'outside.txt')];
  const calls = [...paths, ...outside, 'notes.txt'].map((path) => `read_file {"path":"${path}"}`);
  const searches = [
    'list_files {}',
    'glob_search {"pattern":"**/*"}',
    'grep_search {"pattern":"."}',
  ];
  const input = [...calls, ...searches].map((call) => `scripted: call ${call}`).join('\n');
  const run = await jsonOf(['sessions', 'input', 'demo', input, '--wait'], { env });
  expect(run).toMatchObject({ status: 'completed' });

  const messages = await jsonOf<Message[]>(['sessions', 'messages', 'demo'], { env });
  const answers = messages.filter(({ role }) => role === 'tool').map(({ content = '' }) => content);
  expect(answers).toHaveLength(calls.length + searches.length);
  expect(answers[calls.length - 1]).toContain('plain-notes');
  for (const answer of answers)
    expect(answer).not.toMatch(/canary|root_id|kheish\.db|daemon\.lock/);
  for (const answer of answers.slice(calls.length)) {
    expect(answer).toContain('notes.txt');
    expect(answer).not.toMatch(/admin\.token|hard-link|state\//);
  }
});
