import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { Operator, bash, calls } from '../governed/operator.ts';
import { startDaemon } from '../harness/daemon-process.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';

/** Changes the database behind the daemon's back. */
function alter(operator: Operator, sql: string): void {
  const db = new DatabaseSync(join(operator.box.stateRoot, 'kheish.db'));
  try {
    db.exec(`PRAGMA busy_timeout = 5000; ${sql}`);
  } finally {
    db.close();
  }
}

const refuseEntries = `CREATE TRIGGER refused BEFORE INSERT ON ledger_entries
  BEGIN SELECT RAISE(ABORT, 'no room'); END`;

async function readiness({ daemon }: Operator): Promise<[number, string]> {
  const answer = await fetch(`${daemon.url}/readyz`);
  return [answer.status, answer.ok ? 'ready' : ((await answer.json()) as { code: string }).code];
}

const unavailable = { code: 'audit/ledger_unavailable' };

test('where the record takes no entry nothing starts, also after a kill, and all goes on by itself when it does [holds audit.no_entry_no_effect]', async () => {
  await using operator = await Operator.start();
  await operator.client.runtime.permissionRules.set([
    { scope: 'user', tool_name_pattern: 'bash', behavior: 'allow' },
    { scope: 'user', tool_name_pattern: 'write_file', behavior: 'ask' },
  ]);
  const asking = await operator.session();
  const waiting = await operator.run(
    asking,
    calls([['write_file', { path: 'asked', content: 'x' }]]),
  );
  expect(waiting.status).toBe('waiting_for_approval');
  const amid = await operator.client.sessions.submit(
    await operator.session(),
    calls([bash('touch begun; while [ ! -e go ]; do sleep 0.05; done')], [bash('touch after')]),
  );
  await until('the command', () => existsSync(operator.place('begun')) || undefined);

  alter(operator, refuseEntries);
  expect(await readiness(operator)).toEqual([503, 'ledger_unavailable']);
  const fresh = await operator.session();
  await expect(operator.client.sessions.submit(fresh, 'scripted: say x')).rejects.toMatchObject(
    unavailable,
  );
  await expect(operator.allow(waiting)).rejects.toMatchObject(unavailable);
  expect((await operator.client.runs.get(waiting.run_id)).status).toBe('waiting_for_approval');

  await operator.daemon.kill();
  operator.daemon = await startDaemon({ sandbox: operator.box });
  expect(await readiness(operator)).toEqual([503, 'ledger_unavailable']);
  const left = await operator.client.runs.get(amid.run_id);
  expect(left.status).toBe('running');
  expect([existsSync(operator.place('asked')), existsSync(operator.place('after'))]).toEqual([
    false,
    false,
  ]);

  alter(operator, 'DROP TRIGGER refused');
  expect(await readiness(operator)).toEqual([200, 'ready']);
  expect((await operator.blocked(amid.run_id)).status).toBe('completed');
  expect(existsSync(operator.place('after'))).toBe(true);
  expect((await operator.allow(waiting)).status).toBe('completed');
  expect(existsSync(operator.place('asked'))).toBe(true);
  expect((await operator.run(fresh, 'scripted: say x')).status).toBe('completed');

  await expectSound(operator.client);
  const record = await all(operator.client.runs.externalActions(amid.run_id));
  expect(record.filter(({ phase }) => phase === 'response').map(({ outcome }) => outcome)).toEqual([
    'ok',
    'unknown_outcome',
    'ok',
    'ok',
    'ok',
  ]);
});

test('an entry that was changed on the disk is not shown as if it were none: the reader is told', async () => {
  await using operator = await Operator.start();
  const run = await operator.run(await operator.session(), 'scripted: say x');
  alter(operator, `UPDATE ledger_entries SET body = 'x' || body WHERE idx = 0`);
  await expect(all(operator.client.runs.externalActions(run.run_id))).rejects.toMatchObject({
    code: 'storage/corrupt',
    message: expect.stringContaining('entry 0 is not as it was written'),
  });
});
