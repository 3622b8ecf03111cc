import { INLINE_BODY_BYTES, KheishError, type Tool } from '@kheish/core-model';
import { FILE_BLOB_BYTES, type IdempotencyRequest } from '@kheish/state-store';
import { describe, expect, test } from 'vitest';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine, atRest, settled } from '../testing/running-engine.ts';
import { messageView } from '../view/message-view.ts';
import { fullRunView, listedRunView } from '../view/run-view.ts';
import type { Answered } from './answer-once.ts';

async function started(
  root: EngineRoot,
  options: Parameters<EngineRoot['start']>[0] = {},
): Promise<RunningEngine> {
  const daemon = await root.start(options);
  await daemon.engine.createSession({ session_id: 's' });
  return daemon;
}

const once = (scope: string): IdempotencyRequest => ({ scope, key: 'k', fingerprint: 'f' });

/** How many twins were worked on, and what the others were answered. */
async function twins<T>(act: () => Promise<Answered<T>>): Promise<{ first: T; same: boolean }> {
  const answers = await Promise.all(Array.from({ length: 100 }, act));
  const results = answers.flatMap((answer) => ('result' in answer ? [answer.result] : []));
  const replayed = answers.flatMap((answer) =>
    'replayed' in answer ? [answer.replayed.body] : [],
  );
  expect(results).toHaveLength(1);
  const [first] = results as [T];
  return { first, same: replayed.every((body) => body === JSON.stringify(first)) };
}

describe('a hundred twins under one idempotency key', () => {
  test('create one session, submit one run, and stop, interrupt and end once', async () => {
    await using root = new EngineRoot();
    const { engine, store } = await root.start();
    const created = await twins(() => engine.createSession({}, once('create')));
    expect(created.same).toBe(true);
    expect(store.read.sessionCount()).toBe(1);
    const id = created.first.session_id;

    const submitted = await twins(() => engine.submitInput(id, { content: 'q' }, once('submit')));
    expect(submitted).toMatchObject({ same: true, first: { status: 'running' } });
    expect(store.read.runs({ limit: 10, order: 'asc' })).toHaveLength(1);

    const interrupted = await twins(() => engine.interruptSession(id, once('interrupt')));
    expect(interrupted).toMatchObject({ same: true, first: { interrupted: true } });
    const cancelled = await twins(() => engine.cancelRun(submitted.first.run_id, once('cancel')));
    expect(cancelled.same).toBe(true);
    await settled('the end', () => store.read.runningRuns().length === 0);
    const ended = await twins(() => engine.endSession(id, 'done', once('end')));
    expect(ended).toMatchObject({ same: true, first: { status: 'ended' } });
    const rows = store.feed.page({ after: 0, limit: 100 }).rows.map(({ type }) => type);
    for (const type of ['session_created', 'run_accepted', 'run_started', 'session_ended']) {
      expect(rows.filter((row) => row === type)).toHaveLength(1);
    }
  });

  test('get the first answer although the route is not ready any more', async () => {
    await using root = new EngineRoot();
    let ready = true;
    const pin = { route_id: 'main', driver: 'scripted', model: 'small' };
    const notReady = new KheishError('routes/route_not_ready', 'no');
    const routes = {
      pin: () => {
        if (ready) return pin;
        throw notReady;
      },
    };
    const { engine } = await started(root, { routes });
    const first = await engine.submitInput('s', { content: 'q' }, once('submit'));
    ready = false;
    const second = await engine.submitInput('s', { content: 'q' }, once('submit'));
    expect(second).toMatchObject({ replayed: { status: 202 } });
    expect('result' in first && 'replayed' in second && second.replayed.body).toBe(
      JSON.stringify('result' in first && first.result),
    );
    await expect(engine.submitInput('s', { content: 'q' }, once('other'))).rejects.toBe(notReady);
    await expect(engine.submitInput('s', { content: 'q' })).rejects.toBe(notReady);
  });
});

describe('limits', () => {
  test('refuse what would wait behind too many, and take it when one has begun', async () => {
    await using root = new EngineRoot();
    const daemon = await started(root, { limits: { maxQueuedRunsPerSession: 2 } });
    for (let n = 0; n < 3; n += 1) await daemon.submit('s');
    const refused = await daemon.submit('s').catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'runs/queue_full', status: 429, retryAfterMs: 1_000 });
    (await daemon.turn(1)).answer(text('done'));
    await daemon.turn(2);
    expect((await daemon.submit('s')).queued_position).toBe(2);
  });
});

describe('the route of a run', () => {
  test('is what the input names, else the policy, else the default', async () => {
    await using root = new EngineRoot();
    const daemon = await started(root);
    const { engine } = daemon;
    const pinned = async (input: object) => {
      const { request } = await daemon.submit('s', { content: 'q', ...input });
      return `${request.provider}/${request.model}`;
    };
    expect(await pinned({})).toBe('main/small');
    const { route_policy } = await engine.setRoutePolicy('s', {
      generation: { model: 'other/large', temperature: 1 },
    });
    expect(route_policy).toEqual({
      route_id: 'other',
      generation: { model: 'large', temperature: 1 },
    });
    expect(await pinned({})).toBe('other/large');
    expect(await pinned({ provider: 'main' })).toBe('main/small');
    expect(await pinned({ generation: { model: 'main/small' } })).toBe('main/small');
    expect((await engine.setRoutePolicy('s', null)).route_policy).toBeUndefined();
    expect(await pinned({})).toBe('main/small');
  });

  test('has a fallback model, pinned to the run and never in what is generated with', async () => {
    await using root = new EngineRoot();
    const daemon = await started(root);
    const pinned = async (generation?: object) => {
      const { run_id } = await daemon.submit('s', {
        content: 'q',
        ...(generation && { generation }),
      });
      const { route, request } = daemon.run(run_id);
      expect(request.generation).toEqual({ temperature: 1 });
      return `${route.model} ${route.fallback_model}`;
    };
    const { route_policy } = await daemon.engine.setRoutePolicy('s', {
      generation: { fallback_model: 'main/spare', temperature: 1 },
    });
    expect(route_policy).toEqual({ generation: { fallback_model: 'spare', temperature: 1 } });
    expect(await pinned()).toBe('small spare');
    expect(await pinned({ fallback_model: 'own' })).toBe('small own');
    expect(await pinned({ model: 'spare' })).toBe('spare undefined');
    const refused = daemon.engine.setRoutePolicy('s', {
      generation: { fallback_model: 'other/spare' },
    });
    await expect(refused).rejects.toMatchObject({ code: 'routes/selector_conflict' });
  });

  test('is not set to one that is not there, and the session keeps what it had', async () => {
    await using root = new EngineRoot();
    const { engine, store } = await started(root);
    await engine.setRoutePolicy('s', { route_id: 'other' });
    for (const policy of [
      { route_id: 'none' },
      { generation: { model: 'none/large' }, route_id: 'none' },
    ]) {
      const refused = await engine.setRoutePolicy('s', policy).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 'routes/unknown_route' });
    }
    expect(store.read.session('s')?.route_policy).toEqual({ route_id: 'other' });
  });

  test('has the policy overridden field by field, and the model never in what is generated with', async () => {
    await using root = new EngineRoot();
    const daemon = await started(root);
    await daemon.engine.setRoutePolicy('s', {
      generation: { temperature: 1, max_output_tokens: 5 },
    });
    await daemon.submit('s', {
      content: 'q',
      generation: { temperature: 0, model: 'small', reasoning: { effort: 'low' } },
    });
    expect((await daemon.turn(1)).request).toMatchObject({
      model: 'small',
      generation: { temperature: 0, max_output_tokens: 5, reasoning: { effort: 'low' } },
    });
    expect(daemon.model.turns[0]?.request.generation).not.toHaveProperty('model');
  });
});

describe('texts', () => {
  const tool: Tool = {
    name: 'act',
    description: 'Acts.',
    inputSchema: { type: 'object' },
    effect: 'repeatable',
    limits: { timeoutMs: 1_000, maxOutputBytes: 1_000_000 },
    parse: (input) => input,
    run: () => Promise.resolve({ content: 't'.repeat(FILE_BLOB_BYTES) }),
  };

  test.each([
    ['in the event', INLINE_BODY_BYTES],
    ['in a row', INLINE_BODY_BYTES + 1],
    ['in a row', FILE_BLOB_BYTES - 1],
    ['in a file', FILE_BLOB_BYTES],
  ])(
    'that stand %s (%i bytes) come back whole, to the model and to the reader',
    async (_where, bytes) => {
      await using root = new EngineRoot();
      const daemon = await started(root, { tools: [tool] });
      const long = `${'é'.repeat(Math.floor(bytes / 2))}${bytes % 2 === 1 ? 'x' : ''}`;
      const { run_id } = await daemon.submit('s', long);
      const turn = await daemon.turn(1);
      expect(turn.question).toBe(long);
      turn.answer(text(long), call('c', 'act', {}));
      const second = await daemon.turn(2);
      expect(second.request.messages).toMatchObject([
        { role: 'user', content: long },
        { role: 'assistant', parts: [{ text: long }, { tool_call_id: 'c' }] },
        { role: 'tool', content: expect.stringContaining('tttt'), is_error: false },
      ]);
      second.answer(text(long));
      await daemon.ended(run_id);

      const { store } = daemon;
      const views = await Promise.all(
        store.read
          .messages('s', { from: 0, limit: 9 })
          .map((entry) => messageView(store, 's', entry)),
      );
      expect(
        views.map((view) => (view.role === 'assistant' ? view.parts[0] : view.content)),
      ).toEqual([
        long,
        { type: 'text', text: long },
        't'.repeat(FILE_BLOB_BYTES),
        { type: 'text', text: long },
      ]);
      const view = await fullRunView(store, daemon.run(run_id));
      expect(view.outputs.map(({ content }) => content)).toEqual([long]);
      expect((await store.verify()).findings).toEqual([]);
    },
  );

  test.each([
    ['short', { content: 'short' }],
    ['x'.repeat(1_000), { content: 'x'.repeat(1_000) }],
    [`${'x'.repeat(999)}🙂`, { content: 'x'.repeat(999), truncated: true }],
    ['x'.repeat(INLINE_BODY_BYTES + 1), { content: '', truncated: true }],
  ])('an output in a list is at most its beginning: %s', async (said, listed) => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s', 'speak');
    (await daemon.turn(1)).answer(text(said));
    await daemon.ended(run_id);
    const { store } = daemon;
    const names = { session_id: 's', run_id, source_kind: 'assistant_text' };
    const outputs = () => listedRunView(store, daemon.run(run_id)).outputs;
    expect(outputs()).toEqual([{ ...names, ...listed }]);
    await daemon.engine.endSession('s', undefined);
    await daemon.engine.deleteSession('s');
    expect(outputs()).toEqual([{ ...names, content: '' }]);
  });

  test.each([
    ['short', 'short'],
    ['x'.repeat(200), 'x'.repeat(200)],
    ['x'.repeat(201), `${'x'.repeat(200)}…`],
    [`${'x'.repeat(199)}😀`, `${'x'.repeat(199)}…`],
    [`${'x'.repeat(198)}😀y`, `${'x'.repeat(198)}😀…`],
  ])('are shown in lists by their beginning', async (content, preview) => {
    await using root = new EngineRoot();
    const daemon = await started(root);
    expect((await daemon.submit('s', content)).request.text_preview).toBe(preview);
  });
});

describe('recovery', () => {
  test('takes over hundreds of running runs, and each comes to its end', async () => {
    await using root = new EngineRoot();
    const first = await root.start({
      limits: { maxRunningRuns: 300, maxRunningRunsPerRoute: 300 },
    });
    const ids = await Promise.all(
      Array.from({ length: 300 }, async (_, n) => {
        await first.engine.createSession({ session_id: `s${n}` });
        return (await first.submit(`s${n}`)).run_id;
      }),
    );
    await first.submit('s0', 'next');
    await first.die();

    const second = await root.start({ limits: { maxRunningRuns: 10 } });
    second.model.reply = (turn) => turn.answer(text('done'));
    expect(await second.engine.recover()).toEqual({ recovered: 300 });
    await settled('all ends', () =>
      second.store.read.runCounts().every(({ status }) => status === 'completed'),
    );
    expect(ids.every((id) => second.run(id).recoveries === 0)).toBe(true);
    expect(second.model.turns).toHaveLength(301);
    expect((await second.store.verify()).findings).toEqual([]);
  }, 30_000);

  test('that is cut short by a close is done by the next start', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    for (let n = 0; n < 50; n += 1) {
      await first.engine.createSession({ session_id: `s${n}` });
      await first.submit(`s${n}`);
    }
    await first.die();

    const second = await root.start();
    const recovering = second.engine.recover();
    await second.drain();
    await recovering;
    expect(second.model.turns.every(({ signal }) => signal.aborted)).toBe(true);
    await second.stop();
    expect(second.log).toEqual([]);

    const third = await root.start();
    third.model.reply = (turn) => turn.answer(text('done'));
    expect(await third.engine.recover()).toEqual({ recovered: 50 });
    await settled('all ends', () => third.store.read.runningRuns().length === 0);
    expect(third.store.read.runCounts()).toEqual([{ status: 'completed', count: 50 }]);
  });
});

describe('transcripts', () => {
  test('of more sessions than are kept in memory are right, and so is one whose id came back', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    daemon.model.reply = (turn) => turn.answer(text(`to ${turn.question}`));
    const ids = Array.from({ length: 140 }, (_, n) => `s${n}`);
    for (const round of [1, 2]) {
      for (const id of ids) {
        if (round === 1) await daemon.engine.createSession({ session_id: id });
        await daemon.ended((await daemon.submit(id, `${id} ${round}`)).run_id);
      }
    }
    for (const turn of daemon.model.turns.slice(ids.length)) {
      const id = turn.question.split(' ')[0];
      expect(
        turn.request.messages.map((message) =>
          'content' in message ? message.content : message.parts,
        ),
      ).toEqual([`${id} 1`, [{ type: 'text', text: `to ${id} 1` }], `${id} 2`]);
    }
    await daemon.engine.deleteSession('s139');
    await atRest(3);
    await expect(daemon.engine.createSession({ session_id: 's139' })).rejects.toMatchObject({
      code: 'sessions/session_deleted',
    });
  }, 30_000);
});
