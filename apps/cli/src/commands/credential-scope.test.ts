import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { fakeDaemon, json } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { sessionView } from '../testing/views.ts';

/** What the daemon is asked by a command of `sessions`. */
async function asked(...args: string[]) {
  await using daemon = await fakeDaemon((_, response) => json(response, sessionView()));
  await runHere('--base-url', daemon.baseUrl, 'sessions', ...args);
  const [{ method, path, body } = { method: '', path: '', body: undefined }] = daemon.seen;
  return { method, path, body };
}

test('a scope is set from words or a file, taken away, and part of what a session is created with', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'scope-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, 'scope.json');
  writeFileSync(file, '{"route_allow": []}');
  const path = '/v1/sessions/x/credential-scope';
  const given = ['--credential-scope-json', '{"route_deny":["a"]}'];
  expect(await asked('set-credential-scope', 'x', ...given)).toEqual({
    method: 'PUT',
    path,
    body: { credential_scope: { route_deny: ['a'] } },
  });
  expect(await asked('set-credential-scope', 'x', '--credential-scope-file', file)).toMatchObject({
    body: { credential_scope: { route_allow: [] } },
  });
  expect(await asked('set-credential-scope', 'x', '--clear')).toMatchObject({
    method: 'DELETE',
    path,
  });
  expect(await asked('create', 'x', '--credential-scope-file', file)).toMatchObject({
    body: { session_id: 'x', credential_scope: { route_allow: [] } },
  });
});

test.each([
  [[], /credential scope, or --clear/],
  [['--credential-scope-json', '{}', '--clear'], /credential scope, or --clear/],
  [['--credential-scope-json', '[]'], /not a JSON object/],
  [['--credential-scope-json', '{}', '--credential-scope-file', 'f'], /either/],
])('refuses %j before it asks', async (flags, why) => {
  await expect(asked('set-credential-scope', 'x', ...flags)).rejects.toThrow(why);
});
