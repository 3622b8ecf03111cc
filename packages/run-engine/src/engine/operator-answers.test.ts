import type { ActionBinding, JsonObject, RunState, Tool } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine, settled } from '../testing/running-engine.ts';
import { pendingApprovals } from '../view/asked-view.ts';
import { fullRunView } from '../view/run-view.ts';

/** A file that a test changes, and a tool that acts on it and is asked for. */
class Witness {
  content = 'as approved';
  readonly acts: unknown[] = [];

  readonly tool: Tool<JsonObject> = {
    name: 'bash',
    description: 'Acts.',
    inputSchema: { type: 'object' },
    effect: 'once',
    limits: { timeoutMs: 1_000, maxOutputBytes: 1_000 },
    parse: (input) => {
      if ('bad' in input) throw new Error('bad');
      return input;
    },
    auditTarget: () => 'bash:test',
    bind: (): Promise<ActionBinding> =>
      Promise.resolve({ cwd: `/${this.content}`, files: [], unbound: 'a test' }),
    run: (input) => {
      this.acts.push(input);
      return Promise.resolve({ content: 'done' });
    },
  };
}

async function asking(root: EngineRoot, witness: Witness, others: readonly Tool[] = []) {
  const daemon = await root.start({ tools: [witness.tool, ...others] });
  await daemon.engine.createSession({ session_id: 's' });
  const { run_id } = await daemon.submit('s');
  (await daemon.turn(1)).answer(call('c', 'bash', { command: 'true' }));
  await settled('the request', () => daemon.run(run_id).status === 'waiting_for_approval');
  return { daemon, run: () => daemon.run(run_id) };
}

function resolve(
  daemon: RunningEngine,
  run: RunState,
  behavior: 'allow' | 'deny',
  updated_input?: JsonObject,
) {
  const request_id = run.approvals[0]?.id ?? '';
  const resolution = {
    request_id,
    behavior,
    ...(updated_input !== undefined && { updated_input }),
  };
  return daemon.engine.answers.resolveApprovals(run.run_id, [resolution]);
}

const lastAnswer = (daemon: RunningEngine) =>
  daemon.store.read
    .messages('s', { from: 0, limit: 100 })
    .filter(({ message }) => message.role === 'tool')
    .at(-1)?.message;

test('what was approved is carried out once, after its beginning is on disk', async () => {
  await using root = new EngineRoot();
  const witness = new Witness();
  const { daemon, run } = await asking(root, witness);
  expect(pendingApprovals(daemon.store, { limit: 10 }).map(({ view }) => view)).toMatchObject([
    { session_id: 's', request: { kind: 'tool', input: { command: 'true' } } },
  ]);
  expect((await fullRunView(daemon.store, run())).pending_approvals).toMatchObject([
    { input: { command: 'true' } },
  ]);
  await resolve(daemon, run(), 'allow');
  (await daemon.turn(2)).answer(text('done'));
  expect((await daemon.ended(run().run_id)).status).toBe('completed');
  expect(witness.acts).toEqual([{ command: 'true' }]);
  const types = daemon.eventsOf(run().run_id);
  expect(types.indexOf('action_started')).toBeGreaterThan(types.indexOf('approval_resolved'));
  expect((await daemon.store.verify()).findings).toEqual([]);
});

test.each(['allow', 'deny'] as const)(
  'the journal says whose word it was: %s',
  async (behavior) => {
    await using root = new EngineRoot();
    const { daemon, run } = await asking(root, new Witness());
    const { run_id } = run();
    const resolution = { request_id: run().approvals[0]?.id ?? '', behavior };
    await daemon.engine.answers.resolveApprovals(run_id, [resolution], undefined, 'token:token_1');
    const { rows } = daemon.store.feed.page({ after: 0, limit: 100, runId: run_id });
    const told = rows.filter(({ type }) => type === 'approval_resolved').map(({ body }) => body);
    expect(told).toEqual([expect.stringContaining('"resolved_by":"token:token_1"')]);
    (await daemon.turn(2)).answer(text('done'));
    await daemon.ended(run_id);
  },
);

test('what became another since it was approved is not carried out [holds approvals.exact_action]', async () => {
  await using root = new EngineRoot();
  const witness = new Witness();
  const { daemon, run } = await asking(root, witness);
  witness.content = 'changed';
  await resolve(daemon, run(), 'allow');
  (await daemon.turn(2)).answer(text('done'));
  expect(witness.acts).toEqual([]);
  expect(lastAnswer(daemon)).toMatchObject({
    is_error: true,
    content: expect.stringContaining('has changed since it was approved'),
  });
  expect(daemon.eventsOf(run().run_id)).not.toContain('action_started');
});

test('what could not be asked for is not carried out when it becomes possible [holds approvals.exact_action]', async () => {
  await using root = new EngineRoot();
  const acts: unknown[] = [];
  let looks = 0;
  const { tool } = new Witness();
  const daemon = await root.start({
    tools: [
      {
        ...tool,
        bind: () => {
          looks += 1;
          if (looks === 1) return Promise.reject(new Error('there is no such directory yet'));
          return Promise.resolve({ cwd: '/there', files: [] });
        },
        run: (input) => {
          acts.push(input);
          return Promise.resolve({ content: 'done' });
        },
      },
    ],
  });
  await daemon.engine.createSession({ session_id: 's' });
  const { run_id } = await daemon.submit('s');
  (await daemon.turn(1)).answer(call('c', 'bash', { command: 'true' }));
  (await daemon.turn(2)).answer(text('done'));
  expect((await daemon.ended(run_id)).status).toBe('completed');
  expect(acts).toEqual([]);
  expect(lastAnswer(daemon)).toMatchObject({
    is_error: true,
    content: expect.stringContaining('Ask for it anew'),
  });
});

test('what a rule denies since it was asked for is not carried out [holds approvals.exact_action]', async () => {
  await using root = new EngineRoot();
  const witness = new Witness();
  const { daemon, run } = await asking(root, witness);
  const deny = { scope: 'user', tool_name_pattern: 'bash', behavior: 'deny' } as const;
  const change = daemon.engine.configuration.change(
    'permission_rules',
    (config) => ({ ...config, permission_rules: [deny] }),
    (revision) => revision,
    {},
  );
  await change;
  await resolve(daemon, run(), 'allow');
  (await daemon.turn(2)).answer(text('done'));
  expect(witness.acts).toEqual([]);
  expect(lastAnswer(daemon)).toMatchObject({ is_error: true });
});

describe('other arguments in the place of those that were asked for', () => {
  test('are what is carried out, under a digest of their own [holds approvals.exact_action]', async () => {
    await using root = new EngineRoot();
    const witness = new Witness();
    const { daemon, run } = await asking(root, witness);
    const [asked] = run().approvals;
    const long = 'x'.repeat(100_000);
    await resolve(daemon, run(), 'allow', { command: long });
    (await daemon.turn(2)).answer(text('done'));
    await daemon.ended(run().run_id);
    expect(witness.acts).toEqual([{ command: long }]);
    const events = daemon.store.feed.page({ after: 0, limit: 500, runId: run().run_id }).rows;
    const intended = events.map(({ body }) => JSON.parse(body)).find((event) => event.approval);
    expect(intended.approval.digest).not.toBe(asked?.kind === 'tool' && asked.digest);
    expect((await daemon.store.verify()).findings).toEqual([]);
  });

  test('are refused where the tool does not take them, or with a denial', async () => {
    await using root = new EngineRoot();
    const witness = new Witness();
    const { daemon, run } = await asking(root, witness);
    const invalid = { code: 'approvals/invalid_updated_input' };
    await expect(resolve(daemon, run(), 'allow', { bad: true })).rejects.toMatchObject(invalid);
    await expect(resolve(daemon, run(), 'deny', { command: 'x' })).rejects.toMatchObject(invalid);
    expect(run().status).toBe('waiting_for_approval');
  });
});

test('a sibling that changes what is asked for has it asked anew', async () => {
  await using root = new EngineRoot();
  const witness = new Witness();
  const changing: Tool = {
    ...witness.tool,
    name: 'change',
    bind: () => Promise.resolve({ files: [] }),
    run: () => {
      witness.content = 'changed';
      return Promise.resolve({ content: 'done' });
    },
  };
  const daemon = await root.start({ tools: [witness.tool, changing] });
  await daemon.engine.createSession({ session_id: 's' });
  const { run_id } = await daemon.submit('s');
  (await daemon.turn(1)).answer(call('c1', 'bash', {}), call('c2', 'change', {}));
  await settled('the request', () => daemon.run(run_id).status === 'waiting_for_approval');
  expect(daemon.eventsOf(run_id)).toContain('approval_voided');
  await resolve(daemon, daemon.run(run_id), 'allow');
  (await daemon.turn(2)).answer(text('done'));
  await daemon.ended(run_id);
  expect(witness.acts).toHaveLength(1);
});

test('all of a batch counts, or nothing of it', async () => {
  await using root = new EngineRoot();
  const witness = new Witness();
  const { daemon, run } = await asking(root, witness);
  const { answers } = daemon.engine;
  const id = run().approvals[0]?.id ?? '';
  const allow = { request_id: id, behavior: 'allow' } as const;
  const duplicate = { code: 'approvals/duplicate_resolution' };
  await expect(answers.resolveApprovals(run().run_id, [allow, allow])).rejects.toMatchObject(
    duplicate,
  );
  const stale = { ...allow, request_id: 'approval_0' };
  const notOpen = { code: 'approvals/approval_not_open' };
  await expect(answers.resolveApprovals(run().run_id, [allow, stale])).rejects.toMatchObject(
    notOpen,
  );
  expect(run()).toMatchObject({ status: 'waiting_for_approval', open_actions: [] });
});
