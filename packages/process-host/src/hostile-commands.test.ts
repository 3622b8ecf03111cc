import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { MARK } from './death/group-cohort.ts';
import { livingProcesses, startedWith } from './death/process-table.ts';
import { Hosted, patience, printed, textOf } from './testing/hosted.ts';

/** Pids of whoever lives with a word in its command line. */
async function running(word: string): Promise<number[]> {
  const found: number[] = [];
  for (const { pid } of await livingProcesses()) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
    if (line.includes(word)) found.push(pid);
  }
  return found;
}

let words = 0;
/** A time to sleep that nobody else sleeps, by which the sleeper is found. */
const longTime = () => `99${process.pid}${(words += 1)}`;

describe.each(['auto', 'off'] as const)('with the sandbox %s, a command', (sandbox) => {
  test('that ends tells its code, and what it printed on both outputs in its order', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('echo one; echo two >&2; echo three; exit 7');
    expect(report).toMatchObject({ exit_code: 7, death: 'proven' });
    expect(report).not.toHaveProperty('stopped');
    expect(textOf(report)).toBe('one\ntwo\nthree\n');
  });

  test('may open its outputs by name', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('echo a > /dev/stderr; echo b > /dev/stdout');
    expect(textOf(report)).toBe('a\nb\n');
  });

  test('that cannot be found ends with 127', async () => {
    await using hosted = await Hosted.create(sandbox);
    expect(await hosted.run('', { argv: ['no-such-program'] })).toMatchObject({ exit_code: 127 });
  });

  test('that ignores TERM is killed [holds processes.proven_dead]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const time = longTime();
    const command = await hosted.start(`trap '' TERM; echo up; sleep ${time}; sleep ${time}`);
    await printed(command, 'up');
    const report = await command.stop('cancel');
    expect(report).toMatchObject({ stopped: 'cancel', death: 'proven' });
    expect(await running(time)).toEqual([]);
  });

  test('that obeys TERM has time to say so', async () => {
    await using hosted = await Hosted.create(sandbox);
    const line = `trap 'echo bye; exit 3' TERM; echo up; while :; do sleep 0.01; done`;
    const command = await hosted.start(line);
    await printed(command, 'up');
    const report = await command.stop('cancel');
    expect(report).toMatchObject({ exit_code: 3, death: 'proven' });
    expect(textOf(report)).toMatch(/bye\n$/);
  });

  test('that takes too long is stopped', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('sleep 1000', { timeoutMs: 1 });
    expect(report).toMatchObject({ stopped: 'timeout', death: 'proven' });
  });

  test('that forks and daemonises takes them all with it when it is stopped [holds processes.proven_dead]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const time = longTime();
    const line = [
      `sleep ${time} &`,
      `setsid sleep ${time} &`,
      `(setsid sh -c 'trap "" TERM; exec sleep ${time}' > /dev/null 2>&1 < /dev/null &)`,
      `env -i sleep ${time} &`,
      'echo up; wait',
    ].join('\n');
    const command = await hosted.start(line);
    await printed(command, 'up');
    await expect.poll(() => running(`sleep\0${time}`), patience).toHaveLength(4);
    expect(await command.stop('cancel')).toMatchObject({ death: 'proven' });
    expect(await running(time)).toEqual([]);
  });

  test('that ends and leaves others behind takes them with it [holds processes.proven_dead]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const time = longTime();
    const line = `sleep ${time} & setsid sleep ${time} & env -i sleep ${time} & echo left`;
    const report = await hosted.run(line);
    expect(report).toMatchObject({ exit_code: 0, death: 'proven' });
    expect(textOf(report)).toBe('left\n');
    expect(await running(time)).toEqual([]);
  });

  test('that multiplies is ended with all its generations [holds processes.proven_dead]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const time = longTime();
    // Seven generations of two children each, in sessions of their own and deaf to TERM.
    const script = [
      `trap '' TERM`,
      `[ "$1" -gt 6 ] && exec sleep ${time}`,
      `for child in 1 2; do setsid sh "$0" $(($1 + 1)) & done`,
      'wait',
    ].join('\n');
    await writeFile(hosted.at(`bomb-${time}`), script);
    const command = await hosted.start(`sh bomb-${time} 0`);
    await expect.poll(async () => (await running(time)).length, patience).toBeGreaterThan(50);
    expect(await command.stop('cancel')).toMatchObject({ death: 'proven' });
    expect(await running(time)).toEqual([]);
  });

  test('that waits for input gets none', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('read line; echo "code $?"; cat; tty');
    expect(textOf(report)).toBe('code 1\nnot a tty\n');
  });

  test('that closes its outputs and lives on is waited for', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('exec > /dev/null 2>&1; sleep 0.2; touch done');
    expect(report).toMatchObject({ exit_code: 0, death: 'proven' });
    expect(await hosted.run('ls')).toMatchObject({ output: { total: 5 } });
  });

  test('that prints any bytes has them kept as they are', async () => {
    await using hosted = await Hosted.create(sandbox);
    const { output } = await hosted.run(String.raw`printf '\000\377\n\033[31m\200'`);
    expect(output.head).toEqual(Buffer.from([0, 255, 10, 27, 91, 51, 49, 109, 128]));
  });

  test('does not live beyond the host', async () => {
    const hosted = await Hosted.create(sandbox);
    const time = longTime();
    const command = await hosted.start(`echo up; sleep ${time}`);
    await printed(command, 'up');
    await hosted[Symbol.asyncDispose]();
    expect(await running(time)).toEqual([]);
    expect(await command.exit).toMatchObject({ stopped: 'shutdown' });
  });
});

test('without a sandbox, who gets away and can still print makes the death unproven [holds processes.proven_dead]', async () => {
  await using hosted = await Hosted.create('off');
  const time = longTime();
  // No parent, no group, no mark: nothing is left but the output that it has open.
  const away = `(env -i setsid sh -c 'touch away; sleep ${time}; :' &)`;
  const report = await hosted.run(`${away}; until [ -e away ]; do sleep 0.01; done`);
  const escaped = await running(time);
  for (const pid of escaped) process.kill(pid, 'SIGKILL');
  expect(report).toMatchObject({ exit_code: 0, death: 'unproven' });
  expect(escaped).toHaveLength(2);
});

test('a gigabyte of output is read to its end in a room of fixed size [holds processes.bounded_output]', async () => {
  await using hosted = await Hosted.create('off');
  const before = process.memoryUsage().rss;
  const bounds = { headBytes: 1000, tailBytes: 500 };
  const line = 'yes | head -c 1000000000; printf end';
  const { output, exit_code } = await hosted.run(line, { output: bounds });
  expect(exit_code).toBe(0);
  expect(output.total).toBe(1_000_000_003);
  expect(output.omitted).toBe(1_000_000_003 - 1500);
  expect(output.head.toString()).toBe('y\n'.repeat(500));
  expect(output.tail.toString()).toMatch(/^\n(y\n)+end$/);
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
});

test('a mark is seen on those that carry it', async () => {
  await using hosted = await Hosted.create('off');
  const held = await hosted.hold('true', { mark: 'act_seen' });
  const pid = held.identity?.pid ?? 0;
  expect(startedWith(pid, MARK, 'act_seen')).toBe(true);
  expect(startedWith(pid, MARK, 'act_see')).toBe(false);
  await held.drop();
});
