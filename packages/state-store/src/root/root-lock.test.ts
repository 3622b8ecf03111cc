import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { notRun } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { type Child, runChild } from '../testing/run-child.ts';
import { TemporaryRoot } from '../testing/temporary-root.ts';
import { readHolder, startedTicks, writeHolder } from './root-holder.ts';
import { lockRoot } from './root-lock.ts';

const locked = { code: 'storage/root_locked' };
const attempt = (path: string) => () => lockRoot(path, '1.0.0').release();

async function end(child: Child, signal: NodeJS.Signals): Promise<void> {
  child.process.kill(signal);
  await child.ended;
}

describe('a root held by another process', () => {
  test('is refused, with who holds it', async () => {
    await using root = new TemporaryRoot();
    const child = runChild('hold-root.child.ts', {}, root.path);
    expect(await child.line()).toBe('held');

    expect(attempt(root.path)).toThrow(expect.objectContaining(locked));
    expect(attempt(root.path)).toThrow(`pid ${child.process.pid}, at http://127.0.0.1:1`);
    expect(() => root.open()).toThrow(expect.objectContaining(locked));
    expect(existsSync(root.at('kheish.db'))).toBe(false);
    await end(child, 'SIGKILL');
  });

  test('stays refused after its holder has lost the POSIX lock by touching every file', async () => {
    await using root = new TemporaryRoot();
    const child = runChild('hold-root.child.ts', {}, root.path, 'and-touch');
    expect(await child.line()).toBe('held');

    expect(attempt(root.path)).toThrow(expect.objectContaining(locked));
    const third = runChild('hold-root.child.ts', {}, root.path);
    expect(await third.line()).toBe('storage/root_locked');
    await third.ended;
    expect(readHolder(root.path)?.pid).toBe(child.process.pid);
    await end(child, 'SIGKILL');
    attempt(root.path)();
  });

  test('is free at once when that one is killed', async () => {
    await using root = new TemporaryRoot();
    for (let round = 0; round < 3; round += 1) {
      const child = runChild('hold-root.child.ts', {}, root.path);
      expect(await child.line()).toBe('held');
      await end(child, 'SIGKILL');
      expect(existsSync(root.at('daemon.json'))).toBe(true);
      attempt(root.path)();
    }
  });

  test('is free when that one releases it, with no trace of a holder', async () => {
    await using root = new TemporaryRoot();
    const child = runChild('hold-root.child.ts', {}, root.path);
    expect(await child.line()).toBe('held');
    child.process.stdin?.end();
    expect(await child.ended).toBe(0);
    expect(existsSync(root.at('daemon.json'))).toBe(false);
    attempt(root.path)();
  });
});

describe('a root held by this process', () => {
  test('is refused a second time, under any of its names', async () => {
    await using root = new TemporaryRoot();
    const lock = lockRoot(root.path, '1.0.0');
    const link = root.at('link');
    symlinkSync(root.path, link);
    expect(attempt(root.path)).toThrow(expect.objectContaining(locked));
    expect(attempt(`${root.path}/./`)).toThrow(expect.objectContaining(locked));
    expect(attempt(link)).toThrow(expect.objectContaining(locked));

    // The refusals have not given the lock away.
    const child = runChild('hold-root.child.ts', {}, root.path);
    expect(await child.line()).toBe('storage/root_locked');
    await child.ended;
    lock.release();
    attempt(link)();
  });

  test('is refused to others although this process touched every file of it', async () => {
    await using root = new TemporaryRoot();
    const store = root.open();
    for (const name of readdirSync(root.path)) closeSync(openSync(root.at(name), 'r'));
    const child = runChild('hold-root.child.ts', {}, root.path);
    expect(await child.line()).toBe('storage/root_locked');
    await child.ended;
    expect(readHolder(root.path)).toMatchObject({ pid: process.pid, root_id: store.root.rootId });
  });

  test('can be released and taken fifty times in a row', async () => {
    await using root = new TemporaryRoot();
    for (let round = 0; round < 50; round += 1) {
      const store = root.open();
      await store.close();
    }
    for (let round = 0; round < 50; round += 1) attempt(root.path)();
    expect(readdirSync(root.path).toSorted()).toEqual(['daemon.lock', 'kheish.db']);
  });

  test('keeps its identity, and releasing twice gives nothing away', async () => {
    await using root = new TemporaryRoot();
    const first = root.open();
    await first.close();
    const second = root.open();
    await first.close();
    expect(second.root.rootId).toBe(first.root.rootId);
    expect(attempt(root.path)).toThrow(expect.objectContaining(locked));
  });
});

describe('a record of a holder that is gone', () => {
  const holder = { version: '0.9.0', address: 'http://127.0.0.1:1' };

  test('of a dead process stands in nobody’s way', async () => {
    await using root = new TemporaryRoot();
    const child = runChild('hold-root.child.ts', {}, root.path);
    await child.line();
    const pid = child.process.pid ?? 0;
    const ticks = startedTicks(pid);
    await end(child, 'SIGKILL');
    writeHolder(root.path, { ...holder, pid, started_ticks: ticks ?? 1 });
    expect(attempt(root.path)).not.toThrow();
  });

  test('whose pid belongs to another process by now stands in nobody’s way', async () => {
    await using root = new TemporaryRoot();
    const ticks = startedTicks(process.ppid);
    if (ticks === undefined) notRun('this system does not tell when a process started');
    writeHolder(root.path, { ...holder, pid: process.ppid, started_ticks: ticks + 1 });
    attempt(root.path)();
    writeHolder(root.path, { ...holder, pid: process.ppid, started_ticks: ticks });
    expect(attempt(root.path)).toThrow(expect.objectContaining(locked));
  });

  test.each(['', '{', 'null', '{"pid":"1"}', '[]'])('that reads %j is no record', async (text) => {
    await using root = new TemporaryRoot();
    writeFileSync(root.at('daemon.json'), text);
    expect(attempt(root.path)).not.toThrow();
  });
});

describe('a place that cannot be a root', () => {
  test('is refused with its name', async () => {
    await using root = new TemporaryRoot();
    writeFileSync(root.at('file'), '');
    expect(attempt(root.at('file'))).toThrow(
      expect.objectContaining({ code: 'storage/root_unusable' }),
    );
    expect(attempt(root.at('file'))).toThrow(root.at('file'));
    mkdirSync(root.at('other', 'daemon.lock'), { recursive: true });
    expect(attempt(root.at('other'))).toThrow(
      expect.objectContaining({ code: 'storage/root_unusable' }),
    );
  });

  test('that may not be written is refused, and nothing is left held', async () => {
    await using root = new TemporaryRoot();
    chmodSync(root.path, 0o755);
    mkdirSync(root.at('sealed'), { mode: 0o555 });
    const isSuperuser = process.getuid?.() === 0;
    if (isSuperuser) process.seteuid?.('nobody');
    try {
      expect(attempt(root.at('sealed'))).toThrow(
        expect.objectContaining({ code: 'storage/root_unusable' }),
      );
    } finally {
      if (isSuperuser) process.seteuid?.(0);
    }
    chmodSync(root.at('sealed'), 0o700);
    attempt(root.at('sealed'))();
  });

  test('is made with access for its owner only where it does not exist', async () => {
    await using root = new TemporaryRoot();
    const nested = join(root.path, 'a', 'b');
    const lock = lockRoot(nested, '1.0.0');
    expect(statSync(nested).mode & 0o777).toBe(0o700);
    expect(statSync(join(nested, 'daemon.json')).mode & 0o777).toBe(0o600);
    lock.release();
  });
});
