import Database from 'better-sqlite3';
import { expect, test, vi } from 'vitest';
import { TemporaryRoot } from '../testing/temporary-root.ts';

/** Read whole on purpose: they are small, or only their first row is asked for. */
const readWhole = [
  'secret_slots',
  'incarnations',
  'json_each',
  'runtime_revisions',
  'api_tokens',
  'credential_leases',
];

interface Step {
  readonly detail: string;
}

/** What a store prepares at its opening, with SQLite's plan of each. */
async function plans() {
  await using root = new TemporaryRoot();
  const prepare = vi.spyOn(Database.prototype, 'prepare');
  await root.open().close();
  const asked = [...new Set(prepare.mock.calls.map(([sql]) => sql))].filter((sql) =>
    /^\s*(SELECT|WITH|UPDATE|DELETE)\b/.test(sql),
  );
  prepare.mockRestore();
  const db = new Database(root.at('kheish.db'), { readonly: true });
  try {
    return asked.map((sql) => {
      const nothing = Array.from(sql.matchAll(/\?/g), () => null);
      const steps = db.prepare<null[], Step>(`EXPLAIN QUERY PLAN ${sql}`).all(...nothing);
      return { sql, steps: steps.map(({ detail }) => detail) };
    });
  } finally {
    db.close();
  }
}

test('what the daemon asks of the database is found by an index, however large it is', async () => {
  const known = await plans();
  expect(known.length).toBeGreaterThan(20);
  const scans = known.flatMap(({ sql, steps }) =>
    steps.flatMap((step) => {
      const table = /^SCAN (\w+)/.exec(step)?.[1];
      return table === undefined || readWhole.includes(table) ? [] : [{ step, sql }];
    }),
  );
  expect(scans).toEqual([]);
});

test('a page of sessions does not read over deleted ones', async () => {
  const page = (await plans()).filter(({ sql }) =>
    sql.includes('FROM sessions WHERE session_id >'),
  );
  expect(page.map(({ steps }) => steps)).toEqual([
    ['SEARCH sessions USING INDEX sessions_listed (session_id>?)'],
  ]);
});
