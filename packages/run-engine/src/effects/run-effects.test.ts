import { KheishError, type Tool } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, atRest, settled } from '../testing/running-engine.ts';

const untilAborted: Tool['run'] = (_input, { signal }) =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

describe('an outcome', () => {
  test('that breaks the daemon fails the run, and does not leave it open', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    const commit = daemon.store.commit.bind(daemon.store);
    let faults = 1;
    daemon.store.commit = (command) =>
      faults-- > 0 ? Promise.reject(new Error('a bug')) : commit(command);
    turn.answer(text('done'));
    expect(await daemon.ended(run_id)).toMatchObject({
      status: 'failed',
      error: { domain: 'runs', code: 'internal_error', detail: 'The daemon broke in this step.' },
    });
    expect(daemon.log).toMatchObject([{ level: 'error', facts: { run_id } }]);
  });

  test('of a tool that breaks the daemon is told to the model as not known', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ tools: [tool(() => Promise.resolve({ content: 'ok' }))] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    daemon.store.read.toolCall = () => undefined;
    (await daemon.turn(1)).answer(call('c', 'act', {}));
    const second = await daemon.turn(2);
    expect(second.request.messages.at(-1)).toMatchObject({
      role: 'tool',
      tool_call_id: 'c',
      is_error: true,
      content: 'The call failed inside the daemon. Its outcome is not known.',
    });
    second.answer(text('done'));
    expect((await daemon.ended(run_id)).status).toBe('completed');
  });
});

describe('an intent', () => {
  test('is performed once, however often its row comes while it is under way', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    const { rows } = daemon.store.feed.page({ after: 0, limit: 100, runId: run_id });
    for (let times = 0; times < 3; times += 1) daemon.store.feed.publish(rows);
    await atRest();
    expect(daemon.model.turns).toHaveLength(1);
    turn.answer(text('done'));
    await daemon.ended(run_id);
    await atRest();
    expect(daemon.log).toEqual([]);
  });
});

describe('a stop', () => {
  test.each(['cancelled', 'interrupted'] as const)('%s aborts the model call', async (as) => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const next = await daemon.submit('s', 'next');
    const turn = await daemon.turn(1);
    if (as === 'cancelled') await daemon.engine.cancelRun(run_id);
    else await daemon.engine.interruptSession('s');
    expect(turn.signal.aborted).toBe(true);
    expect((await daemon.ended(run_id)).status).toBe(as);
    (await daemon.turn(2)).answer(text('done'));
    expect((await daemon.ended(next.run_id)).status).toBe('completed');
    expect(daemon.log).toEqual([]);
  });

  test('aborts every tool of the step and waits until the last of them is over', async () => {
    await using root = new EngineRoot();
    let release: (() => void) | undefined;
    let started = 0;
    const act = tool((input, context) => {
      started += 1;
      if (started === 1) return untilAborted(input, context);
      return new Promise((resolve) => (release = () => resolve({ content: 'late' })));
    }, 'once');
    const daemon = await root.start({ tools: [act] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    (await daemon.turn(1)).answer(call('c1', 'act', {}), call('c2', 'act', {}));
    await settled('both tools', () => started === 2);
    await daemon.engine.cancelRun(run_id);
    await settled('the end of the first', () => daemon.run(run_id).open_actions.length === 1);
    await atRest();
    expect(daemon.run(run_id)).toMatchObject({ status: 'running', stop: { as: 'cancelled' } });
    release?.();
    expect((await daemon.ended(run_id)).status).toBe('cancelled');
    expect(daemon.model.turns).toHaveLength(1);
  });
});

describe('tool calls at once', () => {
  test('are bounded, of one run and of all; each is made once and in its turn', async () => {
    await using root = new EngineRoot();
    const underWay = new Map<string, number>();
    const most = { ofRun: 0, ofAll: 0 };
    let made = 0;
    const act = tool(async (_input, { run_id }) => {
      made += 1;
      underWay.set(run_id, (underWay.get(run_id) ?? 0) + 1);
      most.ofRun = Math.max(most.ofRun, ...underWay.values());
      most.ofAll = Math.max(
        most.ofAll,
        [...underWay.values()].reduce((sum, count) => sum + count, 0),
      );
      await atRest(2);
      underWay.set(run_id, (underWay.get(run_id) ?? 1) - 1);
      return { content: 'ok' };
    });
    const limits = { maxToolCallsAtOnce: 5, maxToolCallsAtOncePerRun: 3 };
    const daemon = await root.start({ tools: [act], limits });
    daemon.model.reply = (turn) => {
      const asked = turn.request.messages.at(-1)?.role === 'user';
      const calls = Array.from({ length: 40 }, (_, n) => call(`c${n}`, 'act', {}));
      turn.answer(...(asked ? calls : [text('done')]));
    };
    const ids = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => {
        await daemon.engine.createSession({ session_id: id });
        return (await daemon.submit(id)).run_id;
      }),
    );
    for (const id of ids) expect((await daemon.ended(id)).status).toBe('completed');
    expect(made).toBe(120);
    expect(most).toEqual({ ofRun: 3, ofAll: 5 });
  });

  test('that wait for their turn are given up with their run, and keep nobody waiting', async () => {
    await using root = new EngineRoot();
    let made = 0;
    const act = tool((input, context) => {
      made += 1;
      return untilAborted(input, context);
    });
    const limits = { maxToolCallsAtOnce: 1, maxToolCallsAtOncePerRun: 1 };
    const daemon = await root.start({ tools: [act], limits });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    (await daemon.turn(1)).answer(call('c1', 'act', {}), call('c2', 'act', {}));
    await settled('the tool', () => made === 1);
    await daemon.engine.cancelRun(run_id);
    expect((await daemon.ended(run_id)).status).toBe('cancelled');
    expect(made).toBe(1);
    const next = await daemon.submit('s');
    (await daemon.turn(2)).answer(call('c3', 'act', {}));
    await settled('the next tool', () => made === 2);
    await daemon.engine.cancelRun(next.run_id);
    expect((await daemon.ended(next.run_id)).status).toBe('cancelled');
  });
});

describe('a drain', () => {
  test('gives a step its time, and begins no other', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ tools: [tool(() => Promise.resolve({ content: 'ok' }))] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    const drained = daemon.engine.drain(1_000);
    turn.answer(call('c', 'act', {}));
    await drained;
    expect(daemon.run(run_id)).toMatchObject({
      status: 'running',
      open_actions: [{ kind: 'tool_call' }],
    });
  });

  test('drops what takes longer without a word in the journal, and the next start repeats it', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    await first.engine.createSession({ session_id: 's' });
    const { run_id } = await first.submit('s');
    const turn = await first.turn(1);
    const before = first.eventsOf(run_id);
    const drained = first.engine.drain(1_000);
    await atRest();
    expect(turn.signal.aborted).toBe(false);
    root.clock.advance(1_000);
    await drained;
    expect(turn.signal.aborted).toBe(true);
    expect(first.eventsOf(run_id)).toEqual(before);
    expect(first.log).toEqual([]);
    await first.stop();

    const second = await root.start();
    expect(await second.engine.recover()).toEqual({ recovered: 1 });
    (await second.turn(1)).answer(text('done'));
    expect(await second.ended(run_id)).toMatchObject({ status: 'completed', recoveries: 0 });
  });

  test('does not wait for a tool that is deaf; what it says after the close is lost without a word', async () => {
    await using root = new EngineRoot();
    let finish: (() => void) | undefined;
    const deaf = tool(
      () => new Promise((resolve) => (finish = () => resolve({ content: 'late' }))),
    );
    const daemon = await root.start({ tools: [deaf] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    (await daemon.turn(1)).answer(call('c', 'act', {}));
    await settled('the tool', () => finish !== undefined);
    let over = false;
    const drained = daemon.engine.drain(100).then(() => (over = true));
    root.clock.advance(100);
    await atRest();
    expect(over).toBe(false);
    root.clock.advance(1_000);
    await drained;
    await daemon.stop();
    finish?.();
    await atRest();
    expect(daemon.log).toEqual([]);
    const next = await root.start();
    expect(next.run(run_id).open_actions).toMatchObject([{ kind: 'tool_call' }]);
  });

  test('drops a tool of class once for good: the model is told that its outcome is unknown', async () => {
    await using root = new EngineRoot();
    let runs = 0;
    const act = tool((input, context) => {
      runs += 1;
      return untilAborted(input, context);
    }, 'once');
    const first = await root.start({ tools: [act] });
    await first.engine.createSession({ session_id: 's' });
    const { run_id } = await first.submit('s');
    (await first.turn(1)).answer(call('c', 'act', {}));
    await settled('the tool', () => runs === 1);
    await first.die();
    const second = await root.start({ tools: [act] });
    await second.engine.recover();
    const turn = await second.turn(1);
    expect(turn.request.messages.at(-1)).toMatchObject({ role: 'tool', is_error: true });
    expect(JSON.stringify(turn.request.messages.at(-1))).toContain('outcome is unknown');
    turn.answer(text('done'));
    await second.ended(run_id);
    expect(runs).toBe(1);
  });
});

test('an outcome of a start that lost the run changes nothing', async () => {
  await using root = new EngineRoot();
  const daemon = await root.start();
  await daemon.engine.createSession({ session_id: 's' });
  const { run_id } = await daemon.submit('s');
  const turn = await daemon.turn(1);
  await daemon.store.commit({
    load: { session: 's', run: run_id },
    decide: (state) =>
      state.record({
        type: 'run_recovered',
        session_id: 's',
        run_id,
        incarnation: 99,
        after_crash: true,
      }),
  });
  const before = daemon.store.feed.head();
  turn.answer(text('done'));
  await settled('the refusal', () => daemon.log.length > 0);
  await atRest();
  expect(daemon.store.feed.head()).toBe(before);
  expect(daemon.run(run_id)).toMatchObject({ status: 'running', incarnation: 99 });
});

test('a fallback model is asked with the transcript as it stands, also after a crash', async () => {
  await using root = new EngineRoot();
  const first = await root.start({
    tools: [tool(() => Promise.resolve({ content: 'looked' }))],
    callPolicy: { retries: 0 },
  });
  await first.engine.createSession({ session_id: 's' });
  const generation = { fallback_model: 'main/large' };
  const { run_id } = await first.submit('s', { content: 'q', generation });
  (await first.turn(1)).answer(call('c', 'act', {}));
  const refused = await first.turn(2);
  expect(refused.request.model).toBe('small');
  refused.fail(new KheishError('models/overloaded', 'busy'));
  const asked = await first.turn(3);
  expect(asked.request).toEqual({ ...refused.request, model: 'large' });
  await first.die();

  const second = await root.start({ tools: [tool(() => Promise.resolve({ content: 'x' }))] });
  await second.engine.recover();
  const again = await second.turn(1);
  expect(again.request).toMatchObject({ model: 'large', messages: asked.request.messages });
  again.answer(text('done'));
  expect(await second.ended(run_id)).toMatchObject({ status: 'completed', step: 3 });
  const models = second.store.read
    .messages('s', { from: 0, limit: 9 })
    .flatMap(({ message }) => (message.role === 'assistant' ? [message.model] : []));
  expect(models).toEqual(['small', 'large']);
});
