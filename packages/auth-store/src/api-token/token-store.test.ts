import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { idFactory } from '@kheish/core-model';
import { type Store, openStore } from '@kheish/state-store';
import { ManualClock, systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { TokenStore } from './token-store.ts';

const clock = new ManualClock();
const newId = idFactory(clock, systemRandom);
let path: string;
let store: Store;

beforeEach(() => {
  path = mkdtempSync(join(tmpdir(), 'auth-store-'));
  store = openStore({ stateRoot: path, clock, newId, version: '1.0.0' });
});

afterEach(async () => {
  await store.close();
  rmSync(path, { recursive: true, force: true });
});

const tokens = () => new TokenStore({ store, clock, random: systemRandom, newId });
const refuse = () => {
  throw new Error('no');
};
const ci = { name: 'ci', role: 'operator' } as const;

async function reopened(): Promise<TokenStore> {
  await store.close();
  store = openStore({ stateRoot: path, clock, newId, version: '1.0.0' });
  return tokens();
}

describe('a named token', () => {
  test('is shown once, opens for its role, and is kept as a digest only', async () => {
    const { token, ...view } = await tokens().create(ci, 'admin');
    expect(view).toEqual({
      token_id: expect.stringMatching(/^token_/),
      ...ci,
      status: 'active',
      created_at_ms: clock.now(),
      created_by: 'admin',
    });
    const after = await reopened();
    expect(after.list({ limit: 10 })).toEqual([view]);
    expect(after.holderOf(token)).toEqual({ tokenId: view.token_id, role: 'operator' });
    expect(JSON.stringify(store.feed.page({ after: 0, limit: 10 }))).not.toContain('sha256');
    expect((await store.verify()).findings).toEqual([]);
    for (const file of readdirSync(path)) {
      // Opening the lock file here would free it.
      if (file === 'daemon.lock') continue;
      const bytes = readFileSync(join(path, file), 'latin1');
      expect([file, bytes.includes(token), bytes.includes(token.slice(-51))]).toEqual([
        file,
        false,
        false,
      ]);
    }
  });

  test('of another root, or changed, or made up, opens nothing', async () => {
    const { token, token_id: id } = await tokens().create(ci, 'admin');
    const { token: other } = await tokens().create(ci, 'admin');
    const theirs = mkdtempSync(join(tmpdir(), 'auth-store-'));
    const elsewhere = openStore({ stateRoot: theirs, clock, newId, version: '1.0.0' });
    const foreign = new TokenStore({ store: elsewhere, clock, random: systemRandom, newId });
    expect(foreign.holderOf(token)).toBeUndefined();
    // The same id with another secret.
    const sameId = new TokenStore({
      store: elsewhere,
      clock,
      random: systemRandom,
      newId: () => id,
    });
    const { token: twin } = await sameId.create(ci, 'admin');
    expect(sameId.holderOf(twin)).toBeDefined();
    expect(tokens().holderOf(twin)).toBeUndefined();
    expect(tokens().holderOf(other)?.tokenId).not.toBe(id);
    await elsewhere.close();
    rmSync(theirs, { recursive: true });
  });

  test('ends at its time, to the millisecond, also without anybody looking', async () => {
    const at = clock.now() + 1_000;
    const { token } = await tokens().create({ ...ci, expires_at_ms: at }, 'admin');
    const { token: second } = await tokens().create({ ...ci, expires_in_ms: 2_000 }, 'admin');
    clock.advance(999);
    expect(tokens().holderOf(token)).toBeDefined();
    clock.advance(1);
    expect(tokens().holderOf(token)).toBeUndefined();
    expect(tokens().holderOf(second)).toBeDefined();
    expect(tokens().active()).toEqual(new Map([['operator', 1]]));
    clock.advance(1_000);
    const statuses = (await reopened()).list({ limit: 10 }).map(({ status }) => status);
    expect(statuses).toEqual(['expired', 'expired']);
    expect(tokens().active()).toEqual(new Map());
    expect(tokens().any()).toBe(true);
  });

  test.each([0, -1, 253_402_300_799_999])('does not end %i ms from now', async (ms) => {
    const end = ms > 0 ? { expires_in_ms: ms } : { expires_at_ms: clock.now() + ms };
    await expect(tokens().create({ ...ci, ...end }, 'admin')).rejects.toMatchObject({
      code: 'auth/invalid_expiry',
    });
    expect(tokens().any()).toBe(false);
  });

  test('that is revoked opens nothing any more, and its digest is gone', async () => {
    const { token, token_id: id } = await tokens().create(ci, 'admin');
    const { token: kept } = await tokens().create(ci, 'admin');
    const revoked = await tokens().revoke(id, 'token:x');
    expect(revoked).toMatchObject({ status: 'revoked', revoked_at_ms: clock.now() });
    const head = store.feed.head();
    clock.advance(5);
    expect(await tokens().revoke(id, 'admin')).toEqual(revoked);
    expect(store.feed.head()).toBe(head);
    const after = await reopened();
    expect([after.holderOf(token), after.holderOf(kept)?.role]).toEqual([undefined, 'operator']);
    expect(store.read.token(id)).not.toHaveProperty('digest');
    expect((await store.verify()).findings).toEqual([]);
    await expect(after.revoke('token_none', 'admin')).rejects.toMatchObject({
      code: 'auth/token_not_found',
    });
  });

  test('is not made where the check within its commit refuses', async () => {
    await expect(tokens().create(ci, 'admin', refuse)).rejects.toThrow('no');
    expect([tokens().any(), store.feed.head()]).toEqual([false, 0]);
  });
});
