import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BackgroundCommand, ShellReport, SinkPlace } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine, settled } from '../testing/running-engine.ts';

const process = { pid: 7, start_ticks: '70', boot_id: 'boot' };

/** A command that the test plays. */
class PlayedCommand implements BackgroundCommand {
  readonly command = 'serve';
  readonly seen: string[] = [];
  readonly #exit = Promise.withResolvers<ShellReport>();
  readonly #faults: { lastLook?: Error; hold?: Promise<void> };
  file = '';

  constructor(faults: { lastLook?: Error; hold?: Promise<void> } = {}) {
    this.#faults = faults;
  }

  async hold({ file }: SinkPlace) {
    this.file = file;
    writeFileSync(file, 'printed');
    await this.#faults.hold;
    this.seen.push('held');
    return {
      identity: process,
      release: () => {
        this.seen.push('released');
        return {
          exit: this.#exit.promise,
          output: () => ({ total: 7 }),
          stop: (reason: string) => {
            this.seen.push(`stopped: ${reason}`);
            this.exit({ signal: 'SIGTERM', stopped: reason });
            return Promise.resolve();
          },
        };
      },
      drop: () => {
        this.seen.push('dropped');
        return Promise.resolve();
      },
    };
  }

  lastLook(): Promise<void> {
    this.seen.push('looked at');
    const { lastLook } = this.#faults;
    return lastLook === undefined ? Promise.resolve() : Promise.reject(lastLook);
  }

  exit(report: Partial<ShellReport>): void {
    this.#exit.resolve({ death: 'proven', output: { total: 7 }, ...report });
  }
}

/** Begins the command as a call of that session would. */
async function begin(
  { store, tasks }: RunningEngine,
  command: BackgroundCommand,
  session = 's',
): Promise<string> {
  await store.commit({
    load: { session },
    decide: (state) => {
      if (state.session(session) !== undefined) return;
      state.record({ type: 'session_created', session_id: session, agent_id: 'a' });
    },
  });
  const { task_id } = await tasks.begin(
    {
      session_id: session,
      run_id: 'r',
      action_id: 'action_1',
      signal: new AbortController().signal,
    },
    command,
    (_process, blobs, decide) => store.commit({ load: { session, run: 'r' }, decide, blobs }),
  );
  return task_id;
}

const filesOf = ({ path }: EngineRoot) => readdirSync(join(path, 'tasks'));
const endOf = ({ store }: RunningEngine, id: string) => {
  const task = store.read.task(id);
  return [task?.status, task?.shell_end?.terminal_reason];
};

async function ended(engine: RunningEngine, id: string) {
  await settled(`the end of ${id}`, () => engine.store.read.task(id)?.shell_end !== undefined);
  return engine.store.read.task(id);
}

describe('a command in the background', () => {
  test('is on disk, as task and as begun action at once, before it begins', async () => {
    await using root = new EngineRoot();
    const command = new PlayedCommand();
    let stored: string | undefined;
    const acting = tool(async (_input, context) => {
      const { task_id } = await context.background(command);
      return { content: task_id };
    }, 'once');
    const running = await root.start({ tools: [{ ...acting, beginsItself: true }] });
    const groups: string[][] = [];
    running.store.feed.subscribe((rows) => groups.push(rows.map(({ type }) => type)));
    command.lastLook = () => {
      stored = running.store.read.openTasks('s').at(0)?.status;
      return Promise.resolve();
    };
    await running.engine.createSession({ session_id: 's' });
    const { run_id } = await running.submit('s');
    (await running.turn(1)).answer(call('c1', 'act', {}));
    await settled('the release', () => command.seen.includes('released'));
    expect(stored).toBe('in_progress');
    const together = groups.find((types) => types.includes('task_started'));
    expect(together).toEqual(['action_started', 'task_created', 'task_started']);
    (await running.turn(2)).answer(text('done'));
    expect((await running.ended(run_id)).status).toBe('completed');
    expect(running.store.read.openTasks('s')).toMatchObject([
      { status: 'in_progress', process, call: { run_id } },
    ]);
    command.exit({ exit_code: 0 });
    const [task] = running.store.read.openTasks('s');
    expect(await ended(running, task?.task_id ?? '')).toMatchObject({
      status: 'completed',
      output: 'printed',
    });
    expect(filesOf(root)).toEqual([]);
  });

  test.each([
    [{ exit_code: 0 }, ['completed', 'exited']],
    [{ exit_code: 1 }, ['failed', 'exited']],
    [{ signal: 'SIGKILL' }, ['failed', 'signalled']],
    [{ signal: 'SIGTERM', stopped: 'timeout' }, ['failed', 'timed_out']],
    [{}, ['failed', 'signalled']],
  ] as const)('that ends with %o is %o', async (report, expected) => {
    await using root = new EngineRoot();
    const running = await root.start();
    const command = new PlayedCommand();
    const id = await begin(running, command);
    command.exit(report);
    await ended(running, id);
    expect(endOf(running, id)).toEqual(expected);
  });

  test('that is stopped while it is on its way to the disk ends as soon as it has begun', async () => {
    await using root = new EngineRoot();
    const running = await root.start();
    const command = new PlayedCommand();
    command.lastLook = async () => {
      const [task] = running.store.read.openTasks('s');
      void running.tasks.stop('s', task?.task_id ?? '', 'no');
      await settled('the wish', () => running.store.read.openTasks('s')[0]?.stop !== undefined);
    };
    const id = await begin(running, command);
    expect(await ended(running, id)).toMatchObject({ status: 'cancelled' });
    expect(command.seen).toContain('stopped: stopped');
  });

  test('that is another than was approved does not begin, and its task says so', async () => {
    await using root = new EngineRoot();
    const running = await root.start();
    const command = new PlayedCommand({ lastLook: new Error('changed') });
    await expect(begin(running, command)).rejects.toThrow('changed');
    expect(command.seen).toEqual(['held', 'looked at', 'dropped']);
    const [listed] = running.store.read.tasks({ sessionId: 's', limit: 9 });
    expect(endOf(running, listed?.task.task_id ?? '')).toEqual(['failed', 'not_begun']);
  });

  test('that the disk does not take does not begin, and leaves nothing', async () => {
    await using root = new EngineRoot();
    const running = await root.start();
    const command = new PlayedCommand();
    const refused = running.tasks.begin(
      { session_id: 's', run_id: 'r', action_id: 'x', signal: new AbortController().signal },
      command,
      () => Promise.reject(new Error('not taken')),
    );
    await expect(refused).rejects.toThrow('not taken');
    expect(command.seen).toEqual(['held', 'dropped']);
    expect(existsSync(command.file)).toBe(false);
    await running.tasks.quiet('s');
  });

  test('is one too many after sixteen of a session', async () => {
    await using root = new EngineRoot();
    const running = await root.start();
    const commands = Array.from({ length: 16 }, () => new PlayedCommand());
    const ids = await Promise.all(commands.map((command) => begin(running, command)));
    const tooMany = () => begin(running, new PlayedCommand());
    await expect(tooMany()).rejects.toMatchObject({ code: 'tasks/too_many_tasks' });
    await begin(running, new PlayedCommand(), 'other');
    commands[3]?.exit({ exit_code: 0 });
    await ended(running, ids[3] ?? '');
    await settled('room', () => !existsSync(commands[3]?.file ?? ''));
    await tooMany();
  });

  test('goes down with the daemon in order, and none begins while it goes', async () => {
    await using root = new EngineRoot();
    const running = await root.start();
    const late = Promise.withResolvers<void>();
    const [command, held] = [new PlayedCommand(), new PlayedCommand({ hold: late.promise })];
    const id = await begin(running, command);
    const beginning = begin(running, held);
    const closing = running.tasks.close();
    late.resolve();
    await expect(beginning).rejects.toMatchObject({ code: 'readiness/daemon_draining' });
    await closing;
    expect(endOf(running, id)).toEqual(['failed', 'daemon_stopped']);
    expect([command.seen.at(-1), held.seen]).toEqual([
      'stopped: daemon_stopped',
      ['held', 'dropped'],
    ]);
  });
});

describe('after a crash', () => {
  test.each([
    [true, undefined],
    [false, true],
  ])('what is left is ended, dead beyond doubt: %s', async (dead, unproven) => {
    await using root = new EngineRoot();
    const first = await root.start();
    await first.store.commit({
      load: { session: 's' },
      decide: (state) => {
        const ids = { session_id: 's', task_id: 'left' };
        state.record(
          { type: 'session_created', session_id: 's', agent_id: 'a' },
          {
            type: 'task_created',
            ...ids,
            kind: 'shell',
            title: '',
            description: '',
            status: 'pending',
            blocked_by: [],
            owner_agent_id: 'a',
            call: { run_id: 'r', action_id: 'action_1' },
            command: 'serve',
          },
          { type: 'task_started', ...ids, incarnation: 1, process },
        );
      },
    });
    const { file } = first.store.taskOutput.place('left');
    writeFileSync(file, 'partial');
    writeFileSync(join(dirname(file), 'stray.out'), 'of a task that never was');
    await first.die();

    const asked: unknown[] = [];
    const second = await root.start({
      endProcesses: (...all) => {
        asked.push(all);
        return Promise.resolve(dead);
      },
    });
    await second.engine.recover();
    expect(asked).toEqual([[process, 'action_1']]);
    const task = second.store.read.task('left');
    expect(task).toMatchObject({
      status: 'failed',
      output: 'partial',
      shell_end: { terminal_reason: 'daemon_restarted', recovered_on_boot: true },
    });
    expect(task?.shell_end?.death_unproven).toBe(unproven);
    expect(filesOf(root)).toEqual([]);
    expect((await second.store.verify()).findings).toEqual([]);
  });
});

test('who waits for a task is woken by its end, and by that of the daemon', async () => {
  await using root = new EngineRoot();
  const running = await root.start();
  const command = new PlayedCommand();
  const id = await begin(running, command);
  const waiting = running.tasks.output('s', id, { waitMs: 60_000 });
  command.exit({ exit_code: 0 });
  expect((await waiting).retrieval_status).toBe('success');

  const other = await begin(running, new PlayedCommand());
  const late = running.tasks.output('s', other, { waitMs: 60_000 });
  await running.tasks.close();
  expect((await late).retrieval_status).toBe('success');
  expect((await running.tasks.output('s', other, {})).task.metadata).toMatchObject({
    terminal_reason: 'daemon_stopped',
  });
});
