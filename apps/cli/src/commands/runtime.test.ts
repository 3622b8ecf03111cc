import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Answer, fakeDaemon, json, problem } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { runtimeView } from '../testing/views.ts';

/** The last request of a command whose daemon refuses it. */
async function told(answer: Answer, ...args: string[]) {
  await using daemon = await fakeDaemon(answer);
  await runHere('--base-url', daemon.baseUrl, 'runtime', ...args).catch((error: unknown) => {
    if (daemon.seen.length === 0) throw error;
  });
  const last = daemon.seen.at(-1);
  return { path: last?.path, body: last?.body, calls: daemon.seen.length };
}

const refusing: Answer = (_, response) => problem(response, 400, 'api/bad_request');
const post = async (...args: string[]) => (await told(refusing, ...args)).body;

test('what is set, and the revision that is expected', async () => {
  expect(await post('set-model', 'm', '--provider', 'r', '--expected-revision', '3')).toEqual({
    model: 'm',
    route_id: 'r',
    expected_revision: 3,
  });
  expect(await post('set-permission-mode', 'accept-edits')).toEqual({ mode: 'acceptEdits' });
  expect(await post('rollback', '--target-revision', '0', '--expected-revision', '3')).toEqual({
    target_revision: 0,
    expected_revision: 3,
  });
  expect(
    await post(
      'permissions',
      'check',
      'bash',
      '--input-json',
      '{"command":"ls"}',
      '--mode',
      'plan',
    ),
  ).toEqual({ tool_name: 'bash', input: { command: 'ls' }, mode_override: 'plan' });
});

const file = (content: unknown): string => {
  const folder = mkdtempSync(join(tmpdir(), 'kheish-runtime-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'settings.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
};

describe('settings as JSON', () => {
  test('may be what get printed: its revision is expected then, unless another one is named', async () => {
    const path = file({ revision: 7, budgets: { run: { max_tokens: 5 } } });
    const budgets = { run: { max_tokens: 5 } };
    expect(await post('budgets', 'set', '--file', path)).toEqual({ budgets, expected_revision: 7 });
    expect(await post('budgets', 'set', '--file', path, '--expected-revision', '8')).toEqual({
      budgets,
      expected_revision: 8,
    });
  });

  test('may be the settings alone', async () => {
    const limits = { max_timeout_ms: 5 };
    expect(await post('tool-limits', 'set', '--file', file(limits))).toEqual({ limits });
    const rules = [{ scope: 'user', tool_name_pattern: 'bash', behavior: 'deny' }];
    const set = ['permissions', 'rules', 'set', '--file'];
    expect(await post(...set, file(rules))).toEqual({ rules });
    expect(await post(...set, file({ rules, approval_expires_after_ms: 5_000 }))).toEqual({
      rules,
      approval_expires_after_ms: 5_000,
    });
  });

  test('are reset to what they were', async () => {
    const reset = ['set', '--reset', '--expected-revision', '2'];
    expect(await post('budgets', ...reset)).toEqual({ budgets: {}, expected_revision: 2 });
    expect(await post('permissions', 'rules', ...reset)).toEqual({
      rules: [],
      approval_expires_after_ms: null,
      expected_revision: 2,
    });
    expect(await post('tool-limits', ...reset)).toMatchObject({
      limits: { max_parallel_tools: 8 },
      expected_revision: 2,
    });
  });

  test.each([[[]], [['--reset', '--stdin']], [['--file', 'x', '--stdin']]])(
    'come from exactly one place, not from %j',
    async (flags) => {
      await expect(post('budgets', 'set', ...flags)).rejects.toThrow('give exactly one of');
    },
  );
});

describe('set-system-prompt', () => {
  const before = { custom_prompt: 'c', append_prompt: 'a', language: 'l', output_style: 's' };
  const daemon: Answer = ({ method }, response) =>
    method === 'GET'
      ? json(response, runtimeView(before))
      : problem(response, 400, 'api/bad_request');
  const set = async (...args: string[]) => (await told(daemon, 'set-system-prompt', ...args)).body;

  test.each([
    [['new'], { ...before, custom_prompt: 'new' }],
    [['new', '--mode', 'override'], { ...before, override_prompt: 'new' }],
    [['--mode', 'default'], { language: 'l', output_style: 's' }],
    [
      ['--clear-text', '--mode', 'append'],
      { custom_prompt: 'c', language: 'l', output_style: 's' },
    ],
    [
      ['--clear-language', '--output-style', 't'],
      { custom_prompt: 'c', append_prompt: 'a', output_style: 't' },
    ],
  ])('%j changes what is named, of the revision that was read', async (args, settings) => {
    expect(await set(...args)).toEqual({ settings, expected_revision: 4 });
  });

  test('takes the revision that is named in the place of the one it read', async () => {
    expect(await set('new', '--expected-revision', '1')).toMatchObject({ expected_revision: 1 });
  });

  test('--reset needs to read nothing', async () => {
    expect(await told(refusing, 'set-system-prompt', '--reset')).toEqual({
      path: '/v1/runtime/system-prompt',
      body: { settings: {} },
      calls: 1,
    });
  });

  test.each([
    [[], 'give a content'],
    [['x', '--clear-text'], 'a content goes neither'],
    [['x', '--reset'], '--reset goes with nothing else'],
    [['--mode', 'append'], '--mode append needs a content'],
    [['x', '--stdin'], 'give exactly one of'],
    [[' '], 'the content is blank'],
    [['--language', 'l', '--clear-language'], 'either --language or'],
  ])('%j is refused before anything is asked', async (args, sentence) => {
    await expect(set(...args)).rejects.toThrow(sentence);
  });
});
