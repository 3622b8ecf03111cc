import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { UsageError } from '../failure.ts';
import { fakeDaemon } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'audit-cli-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const at = (name: string) => join(directory, name);

test('an export that breaks off leaves no file, and not the old one either changed', async () => {
  await using daemon = await fakeDaemon((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' });
    response.write('{"header":{}}\n', () => response.destroy());
  });
  writeFileSync(at('old.jsonl'), 'old');
  for (const name of ['old.jsonl', 'new.jsonl']) {
    const args = ['--base-url', daemon.baseUrl, 'audit', 'export', '--out', at(name)];
    await expect(runHere(...args)).rejects.toThrow('no answer');
  }
  expect(readdirSync(directory)).toEqual(['old.jsonl']);
  expect(readFileSync(at('old.jsonl'), 'utf8')).toBe('old');
});

test('an export that comes whole is a file of the owner', async () => {
  await using daemon = await fakeDaemon((_, response) => {
    response.writeHead(200, { 'content-type': 'application/jsonl' }).end('{"trailer":{}}\n');
  });
  await runHere('--base-url', daemon.baseUrl, 'audit', 'export', '--out', at('a.jsonl'));
  expect(readFileSync(at('a.jsonl'), 'utf8')).toBe('{"trailer":{}}\n');
  expect(existsSync(at('a.jsonl.partial'))).toBe(false);
});

test('verify exits 1 where something contradicts, and tells the aspects apart', async () => {
  writeFileSync(at('bad.jsonl'), '{"header":{}}\n');
  const { code, stdout } = await runHere('--output', 'json', 'audit', 'verify', at('bad.jsonl'));
  expect(code).toBe(1);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    subject: 'export',
    chain: { contradictions: [{ code: 'not_canonical', at: 1 }] },
    content: { contradictions: [] },
    independence: { established: [] },
  });
  const human = await runHere('--output', 'table', 'audit', 'verify', at('bad.jsonl'));
  expect(human.stdout).toContain('contradicted');
  expect(human.stdout).toMatch(/^Chain$.*^Content$.*^Independence$/ms);
});

test.each<[string, () => string[]]>([
  ['no file', () => ['verify']],
  ['a file and a root', () => ['verify', 'x', '--offline', '--state-root', 'y']],
  ['a file that is not there', () => ['verify', at('none')]],
  ['a directory', () => ['verify', directory]],
  ['a key that is none', () => ['verify', at('x'), '--public-key', 'ab']],
  [
    'a key without signatures',
    () => ['verify', at('x'), '--hashes-only', '--public-key', 'ab'.repeat(32)],
  ],
  [
    'a checkpoint that is none',
    () => {
      writeFileSync(at('c.json'), '{}');
      return ['verify', at('x'), '--checkpoint', at('c.json')];
    },
  ],
  ['a checkpoint for a whole export', () => ['export', '--out', at('x'), '--checkpoint', at('c')]],
  ['a place that cannot be', () => ['export', '--out', at('none/x')]],
  ['a key moved under a running daemon', () => ['relocate-key', '--to', at('k')]],
  ['a key rotated under a running daemon', () => ['rotate-key']],
])('%s makes no sense to it', async (_title, args) => {
  await expect(runHere('audit', ...args())).rejects.toThrow(UsageError);
});
