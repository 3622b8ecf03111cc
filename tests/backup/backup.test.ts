import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { createClient } from '@kheish/client-sdk';
import { describe, expect, it } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes, answerTo, startFakeAgent } from '../harness/fake-agent.ts';
import { at, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { all, expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';

interface Backup {
  readonly backup_id: string;
  readonly state: string;
  readonly path: string;
  readonly head_seq: number;
}

const SESSIONS = 4;

describe('a backup of a daemon under load', () => {
  it('is restored after a kill, and all that was acknowledged before it goes on to its end [holds backup.restored_daemon]', async () => {
    using box = sandbox();
    await using agent = await startFakeAgent({ chunkDelayMs: 20 });
    const routesFile = agentRoutes(box, agent);
    mkdirSync(box.workspaceRoot);
    const backups = join(box.directory, 'backups');
    const start = { sandbox: box, routesFile, args: ['--backup-dir', backups] };
    const before = await startDaemon(start);
    const client = createClient({ baseUrl: before.url, graceMs: 0 });
    const ids = Array.from({ length: SESSIONS }, (_, nth) => `s${nth}`);
    for (const id of ids) await client.sessions.create({ session_id: id });
    const submit = (id: string, nth: number) =>
      client.sessions.submit(id, `the workspace, ${nth}?`, { idempotencyKey: `${id}-${nth}` });
    const first = await submit('s0', 0);
    await client.runs.wait(first.run_id);
    const accepted = await Promise.all(ids.flatMap((id) => [submit(id, 1), submit(id, 2)]));
    await until('a run that is under way', async () => {
      return (await client.status()).runs.running > 0 || undefined;
    });

    const made = await jsonOf<Backup>(['backup', 'create'], { env: at(before) });
    expect(made.state).toBe('complete');
    const later = await submit('s1', 3);
    await before.kill();
    expect(await jsonOf(['backup', 'verify', made.path])).toMatchObject({
      ok: true,
      not_checked: [],
      ledger: { entry_count: expect.any(Number), key_ids: [expect.any(String)] },
    });
    const stateRoot = join(box.directory, 'restored');
    expect(await jsonOf(['backup', 'restore', made.path, '--state-root', stateRoot])).toMatchObject(
      { backup_id: made.backup_id, head_seq: made.head_seq, state_root: stateRoot },
    );

    const restored = { ...box, stateRoot, [Symbol.dispose]: () => undefined };
    await using daemon = await startDaemon({ ...start, sandbox: restored });
    const now = createClient({ baseUrl: daemon.url });
    expect(await now.runs.get(first.run_id)).toMatchObject({ status: 'completed' });
    for (const { run_id } of accepted) {
      const ended = await now.runs.wait(run_id, { timeoutMs: 30_000 });
      expect(ended.status).toBe('completed');
      expect(ended.outputs[0]?.content).toMatch(/^Asked the workspace, [12]\? I looked 2 times/);
    }
    await expect(now.runs.get(later.run_id)).rejects.toMatchObject({ code: 'runs/run_not_found' });
    // The same key asks for what the backup does not know, and it is done.
    const again = await now.sessions.submit('s1', 'the workspace, 3?', { idempotencyKey: 's1-3' });
    const ended = await now.runs.wait(again.run_id, { timeoutMs: 30_000 });
    expect(ended.outputs[0]?.content).toBe(answerTo('the workspace, 3?'));
    await expectSound(now);

    for (const id of ids) await now.sessions.end(id);
    const pruned = await jsonOf(['runs', 'prune', '--older-than-ms', '1'], { env: at(daemon) });
    expect(pruned).toMatchObject({ matched_session_count: SESSIONS, has_more: false });
    expect(await all(now.sessions.list())).toEqual([]);
    expect(await now.store.verify()).toMatchObject({ ok: true, sessions: 0 });
    expect(await daemon.stop()).toBe(0);
    // What left is on the record for ever.
    const audited = await jsonOf(['audit', 'verify', '--offline', '--state-root', stateRoot]);
    expect(audited).toMatchObject({ ok: true, subject: 'ledger' });
  });

  it('whose ledger is not what was signed is found, and not restored', async () => {
    using box = sandbox();
    const daemon = await startDaemon({ sandbox: box });
    const env = at(daemon);
    await jsonOf(['sessions', 'create', 'x'], { env });
    await runKheish(['sessions', 'input', 'x', 'hello', '--wait'], { env });
    expect(await daemon.stop()).toBe(0);
    const db = new DatabaseSync(join(box.stateRoot, 'kheish.db'));
    const flipped = `UPDATE ledger_entries SET signature = zeroblob(64) WHERE signature IS NOT NULL`;
    expect(db.prepare(flipped).run().changes).toBeGreaterThan(0);
    db.close();
    const to = join(box.directory, 'backups');
    const made = await jsonOf<Backup>([
      'backup',
      'create',
      '--offline',
      '--state-root',
      box.stateRoot,
      '--to',
      to,
    ]);
    const verified = await runKheish(['backup', 'verify', made.backup_id, '--backup-dir', to]);
    expect(verified.code).toBe(1);
    const { findings } = JSON.parse(verified.stdout) as { findings: { check: string }[] };
    expect(new Set(findings.map(({ check }) => check))).toEqual(new Set(['ledger']));
    const restored = await runKheish([
      'backup',
      'restore',
      made.path,
      '--state-root',
      join(box.directory, 'restored'),
    ]);
    expect(restored.code).toBe(6);
    expect(readdirSync(box.directory).filter((name) => name.includes('restor'))).toEqual([]);
  });
});

describe('a daemon', () => {
  it('writes backups where it was told at its start, and nowhere else', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const env = at(daemon);
    const refused = await runKheish(['backup', 'create'], { env });
    expect(refused).toMatchObject({ code: 6, stderr: expect.stringContaining('--backup-dir') });
    const elsewhere = await runKheish(['backup', 'create', '--to', box.directory], { env });
    expect(elsewhere).toMatchObject({ code: 2, stderr: expect.stringContaining('--offline') });
    const other = { KHEISH_STATE_ROOT: join(box.directory, 'other'), KHEISH_BIND: '127.0.0.1:0' };
    for (const root of ['other', 'workspace']) {
      const args = ['serve', '--workspace-root', box.workspaceRoot, '--backup-dir'];
      const ended = await runKheish([...args, join(box.directory, root, 'b')], { env: other });
      expect(ended).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('within each other'),
      });
    }
  });

  it('lists what there is, and a half one as what it is', async () => {
    using box = sandbox();
    const backups = join(box.directory, 'backups');
    await using daemon = await startDaemon({ sandbox: box, args: ['--backup-dir', backups] });
    const env = at(daemon);
    const { backup_id } = await jsonOf<Backup>(['backup', 'create'], { env });
    mkdirSync(join(backups, 'backup_x.root_other.partial'));
    const manifest = join(backups, backup_id, 'manifest.json');
    const states = async () =>
      (await jsonOf<Backup[]>(['backup', 'list'], { env })).map(({ state }) => state);
    expect(await states()).toEqual(['complete', 'incomplete']);
    writeFileSync(manifest, readFileSync(manifest, 'utf8').slice(0, -2));
    expect(await states()).toEqual(['damaged', 'incomplete']);
    const offline = ['backup', 'list', '--offline', '--backup-dir', backups];
    expect((await jsonOf<Backup[]>(offline)).map(({ state }) => state)).toEqual([
      'damaged',
      'incomplete',
    ]);
  });
});
