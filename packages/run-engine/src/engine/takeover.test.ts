import { describe, expect, test } from 'vitest';
import { text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine, atRest, settled } from '../testing/running-engine.ts';

/** Runs that are left running, oldest first; each in a session of its own. */
async function left(daemon: RunningEngine, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let n = 0; n < count; n += 1) {
    await daemon.engine.createSession({ session_id: `s${n}` });
    ids.push((await daemon.submit(`s${n}`, `question ${n}`)).run_id);
  }
  await settled('all calls', () => daemon.model.turns.length === count);
  return ids;
}

const asked = (daemon: RunningEngine) => daemon.model.turns.map(({ question }) => question);

describe('a takeover', () => {
  test('begins with the oldest, a bounded number at once; each that makes progress lets the next in', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    const ids = await left(first, 7);
    await first.die();

    const second = await root.start({ limits: { maxTakeoversAtOnce: 3 } });
    expect(await second.engine.recover()).toEqual({ recovered: 7 });
    await atRest();
    expect(asked(second)).toEqual(['question 0', 'question 1', 'question 2']);
    expect(ids.map((id) => second.run(id).incarnation)).toEqual([2, 2, 2, 1, 1, 1, 1]);
    second.model.turns[1]?.answer(text('done'));
    await second.turn(4);
    expect(asked(second).at(-1)).toBe('question 3');
    second.model.reply = (turn) => turn.answer(text('done'));
    for (const turn of second.model.turns) turn.answer(text('done'));
    for (const id of ids) {
      expect(await second.ended(id)).toMatchObject({ status: 'completed', recoveries: 0 });
    }
    expect(asked(second)).toHaveLength(7);
  });

  test('does not execute more runs than may run, in all and on a route', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    await left(first, 4);
    for (const id of ['o1', 'o2']) {
      await first.engine.createSession({ session_id: id });
      await first.submit(id, { content: id, provider: 'other' });
    }
    await settled('all calls', () => first.model.turns.length === 6);
    await first.die();

    const second = await root.start({ limits: { maxRunningRuns: 3, maxRunningRunsPerRoute: 2 } });
    await second.engine.recover();
    await atRest();
    expect(asked(second)).toEqual(['question 0', 'question 1', 'o1']);
    expect((await second.submit('s0', 'later')).status).toBe('queued');
    second.model.turns[0]?.answer(text('done'));
    await second.turn(4);
    await atRest();
    expect(asked(second).slice(3)).toEqual(['question 2']);
    second.model.reply = (turn) => turn.answer(text('done'));
    for (const turn of second.model.turns) turn.answer(text('done'));
    await settled('all ends', () =>
      second.store.read.runCounts().every(({ status }) => status === 'completed'),
    );
  });

  test.each(['cancelled', 'interrupted'] as const)(
    'that has not happened yet does not keep a run from being %s',
    async (as) => {
      await using root = new EngineRoot();
      const first = await root.start();
      const [, id = ''] = await left(first, 2);
      await first.die();
      const second = await root.start({ limits: { maxTakeoversAtOnce: 1 } });
      await second.engine.recover();
      if (as === 'cancelled') await second.engine.cancelRun(id);
      else await second.engine.interruptSession('s1');
      expect((await second.ended(id)).status).toBe(as);
      expect(asked(second)).toEqual(['question 0']);
    },
  );

  test('that the disk refuses is tried again', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    const [, id = ''] = await left(first, 2);
    await first.die();
    const second = await root.start({ limits: { maxTakeoversAtOnce: 1 } });
    await second.engine.recover();
    const { store } = second;
    const commit = store.commit.bind(store);
    let refusals = 2;
    store.commit = (command) =>
      command.load.run === id && refusals-- > 0 ? Promise.reject(new Error('no')) : commit(command);
    (await second.turn(1)).answer(text('done'));
    for (let times = 1; times <= 2; times += 1) {
      await settled('the word of a refusal', () => second.log.length === times);
      root.clock.advance(500);
    }
    (await second.turn(2)).answer(text('done'));
    expect((await second.ended(id)).status).toBe('completed');
  });

  test('left to the next start by a close counts no crash', async () => {
    await using root = new EngineRoot();
    const first = await root.start();
    const ids = await left(first, 3);
    await first.die();
    const second = await root.start({ limits: { maxTakeoversAtOnce: 1 } });
    await second.engine.recover();
    await second.stop();
    const third = await root.start();
    await third.engine.recover();
    // The first was given back in order, the others not at all: theirs is the crash of the first start.
    expect(ids.map((id) => third.run(id).recoveries)).toEqual([1, 1, 1]);
  });
});

test('a run that takes every daemon down is given up, and those beside it are not, however slow', async () => {
  await using root = new EngineRoot();
  let daemon = await root.start();
  const [killer = '', ...innocent] = (await left(daemon, 5)).toReversed();
  // Its call is the last word of each of these daemons; the others have not come to the end of a step by then.
  for (let crash = 0; crash < 20; crash += 1) {
    await daemon.die();
    daemon = await root.start();
    await daemon.engine.recover();
    await atRest();
    if (daemon.run(killer).status !== 'running') break;
    // Alone at last, the others find the time for a step each.
    if (asked(daemon).includes('question 4')) continue;
    while (!asked(daemon).includes('question 4')) {
      const turn = daemon.model.turns.at(-1);
      turn?.answer(text('done'));
      await atRest();
    }
  }
  expect(daemon.run(killer)).toMatchObject({
    status: 'failed',
    error: { code: 'recovery_exhausted' },
  });
  daemon.model.reply = (turn) => turn.answer(text('done'));
  for (const turn of daemon.model.turns) turn.answer(text('done'));
  for (const id of innocent) expect((await daemon.ended(id)).status).toBe('completed');
});
