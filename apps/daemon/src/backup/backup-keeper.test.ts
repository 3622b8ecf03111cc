import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type BackupManifest, idFactory } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BackupKeeper } from './backup-keeper.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'kheish-backups-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

type Request = Parameters<Store['backup']>[0];

const checkpoint = () => Promise.reject(new Error('the ledger takes nothing'));

/** A store whose backups end when the test says so. */
function keeperOf(where: string | undefined) {
  const { promise, resolve, reject } = Promise.withResolvers<BackupManifest>();
  const asked: Request[] = [];
  const store = {
    root: { rootId: 'root_1' },
    backup: (request: Request) => {
      asked.push(request);
      const { signal } = request;
      if (signal?.aborted === true) reject(new Error('given up'));
      signal?.addEventListener('abort', () => reject(new Error('given up')));
      return promise;
    },
  } as unknown as Store;
  const clock = new ManualClock();
  const log = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const newId = idFactory(clock, systemRandom);
  const keeper = new BackupKeeper({ store, clock, newId, log, checkpoint, directory: where });
  return { keeper, asked, resolve, reject };
}

describe('the backups of a daemon', () => {
  test('are made one at a time', async () => {
    const { keeper, asked } = keeperOf(directory);
    const first = keeper.create({ without_signing_key: true });
    expect(first).toMatchObject({ state: 'running', path: join(directory, first.backup_id) });
    expect(() => keeper.create({})).toThrow(
      expect.objectContaining({ code: 'backups/backup_running' }),
    );
    expect(keeper.list()).toEqual([first]);
    await keeper.close();
    expect(asked).toEqual([expect.objectContaining({ directory, withoutSigningKey: true })]);
  });

  test('that fail are told with the reason, and the next may begin', async () => {
    const { keeper, reject } = keeperOf(directory);
    const { backup_id: id } = keeper.create({});
    reject(new Error('no room'));
    await expect
      .poll(() => keeper.get(id))
      .toMatchObject({ backup_id: id, state: 'failed', detail: 'no room' });
    expect(keeper.create({}).state).toBe('running');
    expect(() => keeper.get(id)).toThrow(
      expect.objectContaining({ code: 'backups/backup_not_found' }),
    );
  });

  test('are given up when the daemon closes', async () => {
    const { keeper } = keeperOf(directory);
    const { backup_id: id } = keeper.create({});
    await keeper.close();
    expect(keeper.get(id)).toMatchObject({ state: 'failed', detail: 'given up' });
  });

  test('need a directory', () => {
    const { keeper } = keeperOf(undefined);
    const refused = expect.objectContaining({ code: 'backups/not_configured' });
    expect(() => keeper.create({})).toThrow(refused);
    expect(() => keeper.list()).toThrow(refused);
  });
});
