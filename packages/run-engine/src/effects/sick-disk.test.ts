import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { FILE_BLOB_BYTES } from '@kheish/state-store';
import { describe, expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, atRest, settled } from '../testing/running-engine.ts';

const sick = () => {
  throw new KheishError('storage/storage_unavailable', 'sick');
};

const big = 'x'.repeat(FILE_BLOB_BYTES);

describe('an outcome', () => {
  test('of a model waits for a disk that takes no large text, and is stored when it does', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    writeFileSync(join(root.path, 'assets'), 'in the way');
    turn.answer(text(big));
    await settled('the wait', () => daemon.log.length > 0);
    expect(daemon.run(run_id).status).toBe('running');
    rmSync(join(root.path, 'assets'));
    root.clock.advance(100);
    expect((await daemon.ended(run_id)).status).toBe('completed');
    expect(daemon.model.turns).toHaveLength(1);
    expect(daemon.log.map(({ message }) => message)).toEqual(['a run waits for the store']);
  });

  test('of a tool waits likewise, and does not run the tool again', async () => {
    await using root = new EngineRoot();
    let runs = 0;
    const act = tool(() => {
      runs += 1;
      return Promise.resolve({ content: big });
    });
    const daemon = await root.start({ tools: [act] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    writeFileSync(join(root.path, 'assets'), 'in the way');
    (await daemon.turn(1)).answer(call('c', 'act', {}));
    await settled('the wait', () => daemon.log.length > 0);
    rmSync(join(root.path, 'assets'));
    root.clock.advance(100);
    const second = await daemon.turn(2);
    expect(second.request.messages.at(-1)).toMatchObject({ role: 'tool', is_error: false });
    second.answer(text('done'));
    expect((await daemon.ended(run_id)).status).toBe('completed');
    expect(runs).toBe(1);
  });

  test('that waits for the disk gives way to a cancel', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ tools: [tool(() => Promise.resolve({ content: big }))] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    writeFileSync(join(root.path, 'assets'), 'in the way');
    (await daemon.turn(1)).answer(call('c', 'act', {}));
    await settled('the wait', () => daemon.log.length > 0);
    await daemon.engine.cancelRun(run_id);
    expect((await daemon.ended(run_id)).status).toBe('cancelled');
  });

  test('waits while the store takes nothing at all', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start();
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    const commit = daemon.store.commit.bind(daemon.store);
    const full = new KheishError('storage/storage_unavailable', 'full');
    let refusals = 8;
    daemon.store.commit = (command) => (refusals-- > 0 ? Promise.reject(full) : commit(command));
    turn.answer(text('done'));
    const tries: number[] = [];
    for (let waited = 0; waited <= 20_000; waited += 100) {
      await atRest(3);
      const left = refusals;
      root.clock.advance(100);
      await atRest(3);
      if (refusals !== left) tries.push(waited);
    }
    expect(tries).toEqual([0, 200, 600, 1_400, 3_000, 6_200, 11_200, 16_200]);
    expect(daemon.log.map(({ message }) => message)).toEqual(['a run waits for the store']);
    expect((await daemon.ended(run_id)).status).toBe('completed');
    expect(daemon.eventsOf(run_id).filter((type) => type === 'run_completed')).toHaveLength(1);
  });

  test('that is on the disk although the disk said no is not stored twice', async () => {
    await using root = new EngineRoot();
    let runs = 0;
    const act = tool(() => {
      runs += 1;
      return Promise.resolve({ content: 'ok' });
    }, 'once');
    const daemon = await root.start({ tools: [act] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const commit = daemon.store.commit.bind(daemon.store);
    const full = new KheishError('storage/storage_unavailable', 'full');
    const lost = new Set<unknown>();
    daemon.store.commit = async (command) => {
      const result = await commit(command);
      if (lost.has(command.decide)) return result;
      lost.add(command.decide);
      throw full;
    };
    (await daemon.turn(1)).answer(call('c', 'act', {}));
    // The answer that is to be stored again is refused, and the call begins at the second try.
    await settled('two tries', () => daemon.log.length === 2);
    expect(runs).toBe(0);
    root.clock.advance(100);
    (await daemon.turn(2)).answer(text('done'));
    expect((await daemon.ended(run_id)).status).toBe('completed');
    const before = daemon.eventsOf(run_id);
    root.clock.advance(100);
    await settled('the late tries', () => daemon.log.length === 7);
    await atRest();
    const errors = daemon.log.flatMap(({ level, facts }) =>
      level === 'error' ? facts['err'] : [],
    );
    const fenced = { code: 'runs/fenced' };
    expect(errors).toMatchObject([fenced, fenced, fenced]);
    expect(daemon.eventsOf(run_id)).toEqual(before);
    expect(before.filter((type) => type === 'action_settled')).toHaveLength(3);
    expect(runs).toBe(1);
  });

  test('waits for a disk that cannot be read, and then is what it would have been', async () => {
    await using root = new EngineRoot();
    const daemon = await root.start({ tools: [tool(() => Promise.resolve({ content: 'ok' }))] });
    await daemon.engine.createSession({ session_id: 's' });
    const { run_id } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    const { read } = daemon.store;
    const toolCall = read.toolCall.bind(read);
    const messages = read.messages.bind(read);
    Object.assign(read, { toolCall: sick, messages: sick });
    turn.answer(call('c', 'act', {}));
    await settled('the wait', () => daemon.log.length === 1);
    Object.assign(read, { toolCall });
    root.clock.advance(100);
    await settled('the other wait', () => daemon.log.length === 2);
    Object.assign(read, { messages });
    root.clock.advance(100);
    (await daemon.turn(2)).answer(text('done'));
    expect((await daemon.ended(run_id)).status).toBe('completed');
  });
});
