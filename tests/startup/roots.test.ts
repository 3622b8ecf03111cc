import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { describe, expect, it } from 'vitest';
import { sandbox, scriptedRoutes, startDaemon } from '../harness/daemon-process.ts';
import { startInProcess } from '../harness/in-process.ts';
import { expectRefusal, runKheish } from '../harness/kheish-command.ts';

const serveOn = (stateRoot: string, ...more: string[]) => [
  'serve',
  '--bind',
  '127.0.0.1:0',
  '--state-root',
  stateRoot,
  ...more,
];

describe('a root in use', () => {
  it('is refused, naming who holds it [holds root.one_daemon]', async () => {
    using box = sandbox();
    await using first = await startDaemon({ sandbox: box });
    const workspace = ['--workspace-root', box.workspaceRoot];
    const second = await runKheish(serveOn(box.stateRoot, ...workspace));
    expectRefusal(second, 6, `in use by kheish 0.1.0, pid ${first.pid}, at ${first.url.slice(7)}`);
    expect(second.stderr).toContain('Stop it first, or choose another --state-root.');
    for (const args of [
      ['secrets', 'list'],
      ['store', 'verify'],
    ]) {
      const offline = await runKheish([...args, '--offline', '--state-root', box.stateRoot]);
      expectRefusal(offline, 6, `pid ${first.pid}`);
    }
    expect(await createClient({ baseUrl: first.url }).status()).toMatchObject({ ready: true });
  });

  it('stays refused after the daemon itself has read every file of it [holds root.lock_survives_reading]', async () => {
    using box = sandbox();
    await using daemon = await startInProcess({ sandbox: box, routes: scriptedRoutes });
    const files = readdirSync(box.stateRoot).filter((name) =>
      readFileSync(join(box.stateRoot, name)),
    );
    expect(files).toEqual(expect.arrayContaining(['daemon.json', 'daemon.lock', 'kheish.db']));
    const workspace = ['--workspace-root', box.workspaceRoot];
    const second = await runKheish(serveOn(box.stateRoot, ...workspace));
    expectRefusal(second, 6, `pid ${process.pid}, at ${daemon.url.slice('http://'.length)}`);
    const offline = await runKheish([
      'secrets',
      'list',
      '--offline',
      '--state-root',
      box.stateRoot,
    ]);
    expectRefusal(offline, 6, `pid ${process.pid}`);
  });

  it('is free again when the start fails behind the lock [holds startup.busy_port]', async () => {
    using box = sandbox();
    await using first = await startDaemon({ sandbox: box });
    const other = join(box.directory, 'other');
    const workspace = ['--workspace-root', box.workspaceRoot];
    const busy = await runKheish(
      serveOn(other, ...workspace, '--bind', first.url.slice('http://'.length)),
    );
    expectRefusal(busy, 2, /Cannot listen on 127\.0\.0\.1 port \d+: .*--bind/);
    expect(readdirSync(other)).not.toContain('daemon.json');
    const list = ['secrets', 'list', '--offline', '--state-root', other];
    expect(await runKheish(list)).toMatchObject({ code: 0 });
  });
});

describe('a place that cannot be a root', () => {
  it('is refused where it is a file', async () => {
    using box = sandbox();
    const file = box.file('occupied', 'canary-content');
    expectRefusal(await runKheish(serveOn(file)), 2, `The state root ${file} cannot be used`);
    const refused = await runKheish(serveOn(box.stateRoot, '--workspace-root', file));
    expectRefusal(refused, 2, `The workspace root ${file} cannot be used`);
    expect(readFileSync(file, 'utf8')).toBe('canary-content');
  });

  it('is refused where it cannot be written', async () => {
    using box = sandbox();
    const sealed = '/sys/kheish-state';
    const refused = await runKheish(serveOn(sealed, '--workspace-root', box.workspaceRoot));
    expectRefusal(refused, 2, `The state root ${sealed} cannot be used`);
  });

  it('is refused where its database is none, which stays as it is', async () => {
    using box = sandbox();
    mkdirSync(box.stateRoot);
    const database = join(box.stateRoot, 'kheish.db');
    writeFileSync(database, 'canary-content '.repeat(1000));
    const workspace = ['--workspace-root', box.workspaceRoot];
    const refused = await runKheish(serveOn(box.stateRoot, ...workspace));
    expectRefusal(refused, 1, `The database ${database} cannot be opened`, 'canary-content');
    expect(refused.stderr).toMatch(/backup/);
    expect(readFileSync(database, 'utf8')).toBe('canary-content '.repeat(1000));
  });

  it('is refused where a newer program has written it [holds root.newer_refused]', async () => {
    using box = sandbox();
    const daemon = await startDaemon({ sandbox: box });
    const { schema_version: known } = await createClient({ baseUrl: daemon.url }).status();
    await daemon.stop();
    raiseUserVersion(join(box.stateRoot, 'kheish.db'), known + 1);
    const before = readFileSync(join(box.stateRoot, 'kheish.db'));
    const workspace = ['--workspace-root', box.workspaceRoot];
    const refused = await runKheish(serveOn(box.stateRoot, ...workspace));
    expectRefusal(
      refused,
      6,
      `has schema ${known + 1}; this program knows schemas up to ${known}.`,
    );
    expect(readFileSync(join(box.stateRoot, 'kheish.db')).equals(before)).toBe(true);
  });
});

describe('roots that lie within each other', () => {
  it('are a warning without tokens and refused with them [holds root.apart]', async () => {
    using box = sandbox();
    mkdirSync(box.workspaceRoot);
    const inner = join(box.workspaceRoot, 'state');
    const nested = { ...box, stateRoot: inner, [Symbol.dispose]: () => undefined };
    await using daemon = await startDaemon({ sandbox: nested });
    expect(daemon.log).toContain('lie within each other');
    await daemon.stop();
    for (const [state, workspace] of [
      [inner, box.workspaceRoot],
      [inner, inner],
      [join(box.directory, 'outer'), join(box.directory, 'outer/inner')],
    ] as const) {
      const refused = await runKheish([
        ...serveOn(state, '--workspace-root', workspace),
        '--http-admin-token',
        'token-that-is-canary',
      ]);
      expectRefusal(refused, 2, /Choose separate directories/, 'token-that-is-canary');
    }
  });
});

/** The `user_version` of SQLite's header: bytes 60 to 63, big-endian. */
function raiseUserVersion(file: string, version: number): void {
  const bytes = readFileSync(file);
  bytes.writeUInt32BE(version, 60);
  writeFileSync(file, bytes);
}
