import { readdirSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Operator, answerOf, calls } from './operator.ts';

/** A call of each tool that would do something. A tool that is not here fails the first test. */
const inputs: Readonly<Record<string, object>> = {
  read_file: { path: 'there.txt' },
  list_files: { path: '.' },
  glob_search: { pattern: '*' },
  grep_search: { pattern: 'words' },
  write_file: { path: 'made-by-write.txt', content: 'x' },
  edit_file: { path: 'there.txt', old_text: 'words', new_text: 'others' },
  apply_patch: {
    patch: '*** Begin Patch\n*** Add File: made-by-patch.txt\n+x\n*** End Patch',
  },
  bash: { command: 'echo x > made-by-bash.txt' },
  task_create: { title: 'x' },
  task_list: {},
  task_get: { task_id: 'task_0' },
  task_update: { task_id: 'task_0' },
  task_delete: { task_id: 'task_0' },
  task_stop: { task_id: 'task_0' },
  task_output: { task_id: 'task_0' },
  web_fetch: { url: 'http://127.0.0.1:1/' },
  emit_output: { content: 'x' },
  read_output: { message: 0 },
  ask_user_question: { questions: [{ question: 'Well?' }] },
};

let operator: Operator;
let before: readonly string[];
const files = () => readdirSync(operator.box.workspaceRoot).toSorted();

beforeAll(async () => {
  operator = await Operator.start();
  writeFileSync(operator.place('there.txt'), 'words');
  before = files();
});
afterAll(() => operator[Symbol.asyncDispose]());

test('every tool of the daemon is looked at here', async () => {
  const { tool_names: names } = await operator.client.runtime.get();
  expect(Object.keys(inputs).toSorted()).toEqual([...names].toSorted());
});

describe.each(Object.keys(inputs))('%s', (tool) => {
  const call = () => calls([[tool, inputs[tool] ?? {}]]);

  test('does nothing where a rule denies it, whatever the mode [holds tools.behind_the_gate]', async () => {
    await operator.client.runtime.setPermissionMode('bypassPermissions');
    await operator.client.runtime.permissionRules.set([
      { scope: 'user', tool_name_pattern: tool, behavior: 'deny' },
    ]);
    const run = await operator.run(await operator.session(), call());
    expect(run.status).toBe('completed');
    expect(answerOf(run)).toMatch(new RegExp(`^${tool} failed: The call was not carried out`));
    const events = await operator.events(run.run_id);
    expect(events.filter(({ type }) => type === 'tool_call_refused')).toHaveLength(1);
    expect(events.filter((event) => 'target' in event && event.target === `tool:${tool}`)).toEqual(
      [],
    );
    expect(files()).toEqual(before);
  });

  test('asks in mode default where it acts, and only there [holds tools.acts_are_asked_for]', async () => {
    await operator.client.runtime.permissionRules.set([]);
    await operator.client.runtime.setPermissionMode('bypassPermissions');
    const acting = await operator.run(await operator.session(), call());
    const events = await operator.events(acting.run_id);
    const acts = events.some(
      (event) =>
        event.type === 'action_intended' &&
        event.kind === 'tool_call' &&
        event.effect !== 'repeatable',
    );
    for (const name of files()) if (!before.includes(name)) operator.remove(name);
    writeFileSync(operator.place('there.txt'), 'words');

    await operator.client.runtime.setPermissionMode('default');
    const asked = await operator.run(await operator.session(), call());
    expect(asked.status === 'waiting_for_approval').toBe(acts);
    expect(files()).toEqual(before);
    await Promise.all(
      [acting, asked].map(({ run_id }) =>
        operator.client.runs.cancel(run_id).catch(() => undefined),
      ),
    );
  });
});
