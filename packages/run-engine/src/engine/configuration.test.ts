import type { RuntimeRevision } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine } from '../testing/running-engine.ts';

const whole = (revision: RuntimeRevision) => revision;
const deny = { scope: 'user', tool_name_pattern: 'act', behavior: 'deny' } as const;
const ask = { ...deny, behavior: 'ask' } as const;

function setRules(daemon: RunningEngine, rules: readonly (typeof deny | typeof ask)[]) {
  return daemon.engine.configuration.change(
    'permission_rules',
    (config) => ({ ...config, permission_rules: [...rules] }),
    whole,
    {},
  );
}

test('every change is a revision, which a stale writer does not overwrite [holds runtime.revisions]', async () => {
  await using root = new EngineRoot();
  const daemon = await root.start();
  const { configuration } = daemon.engine;
  expect(configuration.current()).toMatchObject({ revision: 0 });
  const plan = (expectedRevision?: number) =>
    configuration.change(
      'permission_mode',
      (config) => ({ ...config, permission_mode: 'plan' }),
      whole,
      { expectedRevision },
    );
  expect(await plan(0)).toMatchObject({ result: { revision: 1, setting: 'permission_mode' } });
  const stale = expect.objectContaining({ code: 'runtime/runtime_revision_conflict' }) as Error;
  await expect(plan(0)).rejects.toThrow(stale);
  const both = await Promise.allSettled([plan(1), plan(1)]);
  expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  expect(configuration.current().revision).toBe(2);

  await daemon.stop();
  const again = await root.start();
  expect(again.engine.configuration.current()).toMatchObject({
    revision: 2,
    config: { permission_mode: 'plan' },
  });
  expect((await again.store.verify()).findings).toEqual([]);
});

test('an earlier state comes back as the newest [holds runtime.revisions]', async () => {
  await using root = new EngineRoot();
  const daemon = await root.start();
  const { configuration } = daemon.engine;
  const rollback = (target?: number, expectedRevision?: number) =>
    configuration.rollback(target, whole, { expectedRevision });
  const unavailable = { code: 'runtime/runtime_rollback_unavailable' };
  await expect(rollback()).rejects.toMatchObject(unavailable);
  await setRules(daemon, [ask]);
  await setRules(daemon, [ask, deny]);
  expect(await rollback()).toMatchObject({
    result: { revision: 3, setting: 'rollback', rollback_of_revision: 1 },
  });
  expect(configuration.current().config.permission_rules).toEqual([ask]);
  expect(await rollback(0)).toMatchObject({ result: { revision: 4, rollback_of_revision: 0 } });
  expect(configuration.current().config.permission_rules).toEqual([]);
  const unknown = { code: 'runtime/runtime_revision_not_found' };
  await expect(rollback(5)).rejects.toMatchObject(unknown);
  await expect(rollback(1, 3)).rejects.toMatchObject({ code: 'runtime/runtime_revision_conflict' });
  expect(daemon.store.read.revisions({ limit: 2 }).map(({ revision }) => revision)).toEqual([4, 3]);
  expect((await daemon.store.verify()).findings).toEqual([]);
});

test('a run keeps the rules it began with, but for one that denies since [holds runtime.runs_are_pinned]', async () => {
  await using root = new EngineRoot();
  let acts = 0;
  const act = tool(() => {
    acts += 1;
    return Promise.resolve({ content: 'done' });
  }, 'once');
  const daemon = await root.start({ tools: [act] });
  await daemon.engine.createSession({ session_id: 's' });
  const { run_id } = await daemon.submit('s');
  const first = await daemon.turn(1);
  await setRules(daemon, [ask]);
  first.answer(call('c1', 'act', {}));
  const second = await daemon.turn(2);
  expect(acts).toBe(1);
  await setRules(daemon, [deny]);
  second.answer(call('c2', 'act', {}));
  (await daemon.turn(3)).answer(text('done'));
  expect((await daemon.ended(run_id)).status).toBe('completed');
  expect(acts).toBe(1);
  const messages = daemon.store.read.messages('s', { from: 0, limit: 100 });
  expect(messages.at(-2)?.message).toMatchObject({ role: 'tool', is_error: true });

  const { run_id: next } = await daemon.submit('s');
  (await daemon.turn(4)).answer(call('c3', 'act', {}));
  (await daemon.turn(5)).answer(text('done'));
  expect((await daemon.ended(next)).config_revision).toBe(2);
  expect(daemon.eventsOf(next)).toContain('tool_call_refused');
});
