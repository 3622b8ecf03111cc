import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { TemporaryRoot } from '../testing/temporary-root.ts';

/** Read whole on purpose: they are small, or only their first row is asked for. */
const readWhole = ['secret_slots', 'incarnations', 'json_each'];

interface Step {
  readonly detail: string;
}

test('what the daemon asks of the database is found by an index, however large it is', async () => {
  await using root = new TemporaryRoot();
  const prepare = vi.spyOn(Database.prototype, 'prepare');
  await root.open().close();
  const asked = [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter((sql) =>
    /^\s*(SELECT|WITH|UPDATE|DELETE)\b/.test(sql),
  );
  prepare.mockRestore();
  expect(asked.length).toBeGreaterThan(20);

  const db = new Database(root.at('kheish.db'), { readonly: true });
  const scans = asked.flatMap((sql) => {
    const nothing = Array.from(sql.matchAll(/\?/g), () => null);
    const steps = db.prepare<null[], Step>(`EXPLAIN QUERY PLAN ${sql}`).all(...nothing);
    return steps.flatMap(({ detail }) => {
      const table = /^SCAN (\w+)/.exec(detail)?.[1];
      return table === undefined || readWhole.includes(table) ? [] : [{ detail, sql }];
    });
  });
  db.close();
  expect(scans).toEqual([]);
});
