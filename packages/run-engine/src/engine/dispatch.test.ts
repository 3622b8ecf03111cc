import { isTerminal } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, atRest, settled } from '../testing/running-engine.ts';

/** Which questions the model was asked, in order. */
const asked = (turns: readonly { question: string }[]) => turns.map(({ question }) => question);

describe('runs that wait for room', () => {
  test('begin in the order in which they came, whatever the session', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 1 } });
    const { engine, model } = daemon;
    for (const id of ['a', 'b', 'c']) await engine.createSession({ session_id: id });
    for (const [id, question] of [
      ['a', 'a1'],
      ['a', 'a2'],
      ['b', 'b1'],
      ['c', 'c1'],
      ['b', 'b2'],
    ] as const) {
      await daemon.submit(id, question);
    }
    for (let number = 1; number <= 5; number += 1) (await daemon.turn(number)).answer(text('done'));
    expect(asked(model.turns)).toEqual(['a1', 'a2', 'b1', 'c1', 'b2']);
  });

  test('begin where another has come to wait for a person', async () => {
    await using root = new EngineRoot();
    const acting = { ...tool(() => Promise.resolve({ content: 'done' })), name: 'bash' };
    const daemon = await root.start({ limits: { maxRunningRuns: 1 }, tools: [acting] });
    for (const id of ['a', 'b']) await daemon.engine.createSession({ session_id: id });
    await daemon.submit('a', 'a1');
    expect((await daemon.submit('b', 'b1')).status).toBe('queued');
    (await daemon.turn(1)).answer(call('c', 'bash', {}));
    expect((await daemon.turn(2)).question).toBe('b1');
  });

  test('do not wait behind older ones whose route is full', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 2, maxRunningRunsPerRoute: 1 } });
    const { engine } = daemon;
    for (const id of ['a', 'b', 'c', 'd', 'e']) await engine.createSession({ session_id: id });
    await daemon.submit('a', 'a on main');
    await daemon.submit('b', { content: 'b on other', provider: 'other' });
    await daemon.submit('c', 'c on main');
    await daemon.submit('d', 'd on main');
    const last = await daemon.submit('e', { content: 'e on other', provider: 'other' });
    expect(last.status).toBe('queued');
    (await daemon.turn(2)).answer(text('done'));
    expect((await daemon.turn(3)).question).toBe('e on other');
  });

  test('get their turn although a session of the same full route has more to do', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 9, maxRunningRunsPerRoute: 1 } });
    const { engine } = daemon;
    for (const id of ['a', 'b']) await engine.createSession({ session_id: id });
    await daemon.submit('a', 'a1');
    await daemon.submit('b', 'b1');
    await daemon.submit('a', 'a2');
    (await daemon.turn(1)).answer(text('done'));
    expect((await daemon.turn(2)).question).toBe('b1');
  });

  test('are not passed by a submit that comes just as room is freed', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 2 } });
    const { engine, model, store } = daemon;
    for (const id of ['a', 'b', 'c', 'd', 'e']) await engine.createSession({ session_id: id });
    const ends = ['a', 'b'].map(async (id) => daemon.ended((await daemon.submit(id, id)).run_id));
    await daemon.turn(2);
    await daemon.submit('c', 'c');
    await daemon.submit('d', 'd');
    // Into the very group that frees both places, and into the next.
    const commit = store.commit.bind(store);
    const late: Promise<unknown>[] = [];
    store.commit = (command) => {
      const settles = command.load.run !== undefined;
      const stored = commit(command);
      if (settles) {
        late.push(daemon.submit('e', 'e'));
        void stored.then(() => late.push(daemon.submit('e', 'e')));
      }
      return stored;
    };
    for (const turn of model.turns) turn.answer(text('done'));
    await Promise.all(ends);
    await settled('two more calls', () => model.turns.length === 4);
    expect(asked(model.turns)).toEqual(['a', 'b', 'c', 'd']);
    store.commit = commit;
    await Promise.all(late);
    model.reply = (turn) => turn.answer(text('done'));
    for (const turn of model.turns) turn.answer(text('done'));
    await settled('all ends', () =>
      store.read.runCounts().every(({ status }) => status === 'completed'),
    );
  });

  test('for a full route keep nobody waiting who wants another', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 9, maxRunningRunsPerRoute: 1 } });
    for (const id of ['a', 'b', 'c']) await daemon.engine.createSession({ session_id: id });
    await daemon.submit('a', 'a');
    expect((await daemon.submit('b', 'b')).status).toBe('queued');
    expect((await daemon.submit('c', { content: 'c', provider: 'other' })).status).toBe('running');
  });

  test('for a place that nobody took after all do not keep later ones waiting', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 1 } });
    const { engine } = daemon;
    for (const id of ['a', 'b', 'c']) await engine.createSession({ session_id: id });
    await daemon.submit('a', 'a');
    const { run_id } = await daemon.submit('b', 'b');
    await engine.cancelRun(run_id);
    (await daemon.turn(1)).answer(text('done'));
    await daemon.submit('c', 'c');
    expect((await daemon.turn(2)).question).toBe('c');
    expect((await daemon.submit('b', 'b')).status).toBe('queued');
  });

  test('begin when the disk takes the start after it would not', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ limits: { maxRunningRuns: 1 } });
    const { engine, store, log } = daemon;
    for (const id of ['a', 'b']) await engine.createSession({ session_id: id });
    await daemon.submit('a', 'a1');
    await daemon.submit('b', 'b1');
    const commit = store.commit.bind(store);
    let refusals = 2;
    store.commit = (command) => {
      const starts = command.load.run === undefined && command.load.admission;
      return starts && refusals-- > 0 ? Promise.reject(new Error('no')) : commit(command);
    };
    (await daemon.turn(1)).answer(text('done'));
    await settled('the first refusal', () => refusals === 1);
    await atRest();
    root.clock.advance(100);
    await settled('the second refusal', () => refusals === 0);
    await atRest();
    root.clock.advance(100);
    await atRest();
    expect(daemon.model.turns).toHaveLength(1);
    root.clock.advance(100);
    expect((await daemon.turn(2)).question).toBe('b1');
    expect(log.map(({ message }) => message)).toEqual([
      'queued runs could not be started, and are tried again',
    ]);
  });
});

type Step =
  | { readonly do: 'submit'; readonly session: number; readonly route: string }
  | { readonly do: 'finish'; readonly which: number }
  | { readonly do: 'cancel'; readonly which: number }
  | { readonly do: 'breathe'; readonly turns: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('submit' as const),
    session: fc.nat(4),
    route: fc.constantFrom('main', 'other'),
  }),
  fc.record({ do: fc.constant('finish' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('cancel' as const), which: fc.nat(20) }),
  fc.record({ do: fc.constant('breathe' as const), turns: fc.nat(3) }),
);

const limits = fc.record({
  maxRunningRuns: fc.integer({ min: 1, max: 3 }),
  maxRunningRunsPerRoute: fc.integer({ min: 1, max: 2 }),
});

test('no run is left queued while there is room, in any order of submits, ends and cancels', async () => {
  await fc.assert(
    fc.asyncProperty(
      limits,
      fc.array(step, { minLength: 10, maxLength: 40 }),
      async (limit, steps) => {
        await using root = new EngineRoot();
        const daemon = await root.start({ limits: limit });
        const { engine, model, store } = daemon;
        for (let n = 0; n <= 4; n += 1) await engine.createSession({ session_id: `s${n}` });
        const runIds: string[] = [];
        const pending: Promise<unknown>[] = [];
        const finished = new Set<unknown>();
        const openTurns = () =>
          model.turns.filter((turn) => !finished.has(turn) && !turn.signal.aborted);
        const finish = (which: number) => {
          const open = openTurns();
          const turn = open[which % Math.max(1, open.length)];
          finished.add(turn);
          turn?.answer(text('done'));
        };
        for (const next of steps) {
          if (next.do === 'submit') {
            const input = { content: 'q', provider: next.route };
            pending.push(
              daemon.submit(`s${next.session}`, input).then((run) => runIds.push(run.run_id)),
            );
          } else if (next.do === 'finish') finish(next.which);
          else if (next.do === 'cancel') {
            const id = runIds[next.which % Math.max(1, runIds.length)];
            if (id !== undefined) pending.push(engine.cancelRun(id).catch(() => undefined));
          } else await atRest(next.turns);
        }
        await Promise.all(pending);
        for (;;) {
          await atRest(12);
          const running = store.read.runningRuns();
          const onRoute = (route: string) =>
            running.filter((run) => run.route.route_id === route).length;
          for (const session of store.read.readySessions({ limit: 100 })) {
            const head = daemon.run(store.read.session(session)!.queued_run_ids[0]!);
            const room =
              running.length < limit.maxRunningRuns &&
              onRoute(head.route.route_id) < limit.maxRunningRunsPerRoute;
            expect(room, `${session} waits although there is room`).toBe(false);
          }
          expect(running.length).toBeLessThanOrEqual(limit.maxRunningRuns);
          expect(onRoute('main')).toBeLessThanOrEqual(limit.maxRunningRunsPerRoute);
          if (openTurns().length === 0) break;
          finish(0);
        }
        expect(runIds.filter((id) => !isTerminal(daemon.run(id).status))).toEqual([]);
      },
    ),
    { numRuns: 30, endOnFailure: true },
  );
}, 60_000);
