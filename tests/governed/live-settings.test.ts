import { existsSync } from 'node:fs';
import type { RuntimeRevisionView, RuntimeSettingsView } from '@kheish/client-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Operator, answerOf, bash, calls } from './operator.ts';

let operator: Operator;
beforeAll(async () => (operator = await Operator.start()));
afterAll(() => operator[Symbol.asyncDispose]());

const mode = (spelled: string, ...more: string[]) =>
  ['runtime', 'set-permission-mode', spelled].concat(more);

test('a change makes a revision, a stale one is refused with exit code 6, and a rollback brings back what was [holds runtime.revisions]', async () => {
  await operator.command(mode('plan', '--expected-revision', '0'));
  const stale = await operator.command(mode('default', '--expected-revision', '0'), 6);
  expect(stale.stderr).toContain('409 (runtime/runtime_revision_conflict)');
  await operator.command(mode('dont-ask'));
  await operator.command(['runtime', 'rollback', '--target-revision', '9'], 5);
  await operator.command(['runtime', 'rollback']);
  const { json: now } = await operator.command<RuntimeSettingsView>(['runtime', 'get']);
  expect(now).toMatchObject({ config: { revision: 3 }, permission_mode: 'plan' });
  const list = ['runtime', 'revisions'];
  const { json: revisions } = await operator.command<RuntimeRevisionView[]>(list);
  expect(revisions.map(({ revision }) => revision)).toEqual([3, 2, 1]);
  expect(revisions[0]).toMatchObject({ setting: 'rollback', rollback_of_revision: 1 });
  await operator.client.runtime.rollback(0);
});

test('of a hundred changes that expect the same revision one is made', async () => {
  const { revision } = (await operator.client.runtime.get()).config;
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, () =>
      operator.client.runtime.setPermissionMode('default', { expectedRevision: revision }),
    ),
  );
  expect(answers.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  expect((await operator.client.runtime.get()).config.revision).toBe(revision + 1);
});

test('a run keeps the revision it began with while the settings change under it [holds runtime.runs_are_pinned]', async () => {
  const { client } = operator;
  const session = await operator.session();
  const { revision } = (await client.runtime.get()).config;
  const waiting = await operator.run(session, calls([bash('touch first')], [bash('touch second')]));
  expect(waiting.config_revision).toBe(revision);
  await client.runtime.setPermissionMode('bypassPermissions');
  const again = await operator.allow(waiting);
  expect(again).toMatchObject({ status: 'waiting_for_approval', config_revision: revision });
  expect(existsSync(operator.place('second'))).toBe(false);
  await client.runtime.setPermissionMode('plan');
  expect((await operator.allow(again)).status).toBe('completed');
  expect(existsSync(operator.place('second'))).toBe(true);
  const next = await operator.run(session, calls([bash('touch third')]));
  expect(next.config_revision).toBe(revision + 2);
  expect(answerOf(next)).toContain('Mode plan denies');
  await client.runtime.setPermissionMode('default');
});
