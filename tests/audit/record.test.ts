import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Operator, calls } from '../governed/operator.ts';
import { all } from '../harness/soundness.ts';

let operator: Operator;

beforeAll(async () => {
  operator = await Operator.start();
  writeFileSync(operator.place('there.txt'), 'words');
  await operator.client.runtime.setPermissionMode('bypassPermissions');
});
afterAll(() => operator[Symbol.asyncDispose]());

test('what acts or reaches out is on the record before and after, by digests; what reads here is not [holds audit.on_record]', async () => {
  const run = await operator.run(
    await operator.session(),
    calls([
      ['read_file', { path: 'there.txt' }],
      ['list_files', { path: '.' }],
      ['glob_search', { pattern: '*' }],
      ['grep_search', { pattern: 'words' }],
      ['task_create', { title: 'x' }],
      ['emit_output', { content: 'x' }],
      ['write_file', { path: 'canary-path', content: 'canary content' }],
      ['apply_patch', { patch: '*** Begin Patch\n*** Add File: canary-2\n+x\n*** End Patch' }],
      ['bash', { command: 'echo canary' }],
      ['web_fetch', { url: 'http://127.0.0.1:1/canary?q=canary' }],
      ['bash', { command: 'exit 3' }],
      ['edit_file', { path: 'missing', old_text: 'a', new_text: 'b' }],
    ]),
  );
  expect(run.status).toBe('completed');
  const record = await all(operator.client.runs.externalActions(run.run_id, { limit: 3 }));
  const told = new Map<string, string[]>();
  for (const { action_id: id, phase, kind, target, outcome } of record) {
    const shown = target.replace(/[0-9a-f]{16}$/, '<digest>');
    told.set(id, [...(told.get(id) ?? [`${kind} ${shown}`]), outcome ?? phase]);
  }
  expect([...told.values()].toSorted((a, b) => String(a).localeCompare(String(b)))).toEqual([
    ['model_call model:scripted/scripted', 'request', 'ok'],
    ['model_call model:scripted/scripted', 'request', 'ok'],
    ['tool apply_patch:paths_sha256:<digest>', 'request', 'ok'],
    ['tool bash:command_sha256:<digest>', 'request', 'ok'],
    ['tool bash:command_sha256:<digest>', 'request', 'ok'],
    ['tool edit_file:paths_sha256:<digest>', 'request', 'failed:not_found'],
    ['tool web_fetch:http://127.0.0.1:1', 'request', 'failed:destination_refused'],
    ['tool write_file:paths_sha256:<digest>', 'request', 'ok'],
  ]);
  expect(JSON.stringify(record)).not.toContain('canary');
  expect(record.map(({ log_index }) => log_index)).toEqual(record.map((_one, index) => index));
  const hashes = record.map(({ record_hash }) => record_hash);
  expect(record.map(({ prev_hash }) => prev_hash)).toEqual([undefined, ...hashes.slice(0, -1)]);
  const events = await operator.events(run.run_id);
  for (const { action_id: id, phase, request_digest, response_digest } of record) {
    const type = phase === 'request' ? 'action_intended' : 'action_settled';
    const event = events.find((one) => one.type === type && one.action_id === id);
    expect(event).toMatchObject({
      ...(request_digest !== undefined && { request_digest }),
      ...(response_digest !== undefined && { response_digest }),
    });
  }
});

test('a run that is not there has no record', async () => {
  await expect(all(operator.client.runs.externalActions('run_none'))).rejects.toMatchObject({
    code: 'runs/run_not_found',
  });
});
