import { existsSync, globSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Sandbox, sandbox } from '../harness/daemon-process.ts';
import { type Ended, runProgram } from '../harness/kheish-command.ts';
import { PseudoTerminal, ctrlC } from '../harness/pseudo-terminal.ts';
import { repository, requireProgram } from './document.ts';

/** What the shell of somebody who runs another daemon may have. */
const strangeShell = {
  KHEISH_BIND: '0.0.0.0:1',
  KHEISH_STATE_ROOT: '/dev/null/state',
  KHEISH_WORKSPACE_ROOT: '/dev/null/workspace',
  KHEISH_ROUTES_FILE: '/dev/null/routes',
  KHEISH_DEFAULT_ROUTE: 'none',
  KHEISH_PROVIDER: 'none',
  KHEISH_API_KEY: 'none',
  KHEISH_HTTP_AUTH_MODE: 'bearer',
  KHEISH_DAEMON_URL: 'http://127.0.0.1:1',
  KHEISH_DAEMON_TOKEN: 'none',
  KHEISH_DAEMON_ADMIN_TOKEN_FILE: '/dev/null/none',
  KHEISH_LOG_LEVEL: 'loud',
  KHEISH_AUTH_STORE_MASTER_KEY: 'none',
};

/** Temporary files of the command land in `tmp`, so that what it leaves behind is seen. */
function environment(box: Sandbox): Record<string, string> {
  const tmp = join(box.directory, 'tmp');
  mkdirSync(tmp);
  return { ...strangeShell, TMPDIR: tmp };
}

function expectRealWork(shown: string): void {
  expect(shown).toMatch(/scripted.*not a model/);
  expect(shown).toContain('read_file');
  for (const fact of ['anthropic', 'claude-sonnet-4-6', 'openai', 'gpt-5.4', 'anthropic.prod']) {
    expect(shown).toContain(fact);
  }
  expect(shown).toContain('run_completed');
}

function addressIn(shown: string): string {
  const address = /The daemon is at (http:\/\/127\.0\.0\.1:\d+)\. Try next:/.exec(shown)?.[1];
  expect(address, shown).toBeDefined();
  for (const command of ['status', 'sessions messages quickstart', 'chat quickstart']) {
    expect(shown).toContain(`./bin/kheish --base-url ${address} ${command}`);
  }
  return address ?? '';
}

/** No daemon, and none of its directories; caches of node's own tools are not ours. */
function expectNothingLeft(box: Sandbox): void {
  const left = readdirSync(join(box.directory, 'tmp'));
  expect(left.filter((name) => name.startsWith('kheish'))).toEqual([]);
  expect(processesNaming(box)).toEqual([]);
}

/** Command lines of live processes that name a directory of this quickstart. */
function processesNaming(box: Sandbox): string[] {
  const mark = join(box.directory, 'tmp', 'kheish-quickstart');
  return globSync('/proc/[0-9]*/cmdline').flatMap((file) => {
    try {
      const line = readFileSync(file, 'utf8').replaceAll('\0', ' ');
      return line.includes(mark) ? [line] : [];
    } catch {
      // It has ended meanwhile.
      return [];
    }
  });
}

function expectWorked({ code, stdout, stderr }: Ended): void {
  expect(code, stdout + stderr).toBe(0);
  expectRealWork(stdout);
  expect(stdout).toContain('It stops now');
}

describe('npm run quickstart', () => {
  it('goes from a clean clone to the answer of a run, and leaves nothing [holds quickstart.clean_clone]', async () => {
    using box = sandbox();
    const env = environment(box);
    requireProgram('git');
    const clone = join(box.directory, 'clone');
    expect(await runProgram('git', ['clone', '--quiet', repository, clone])).toMatchObject({
      code: 0,
    });
    expect(existsSync(join(clone, 'node_modules'))).toBe(false);
    const ended = await runProgram('npm', ['run', 'quickstart'], { cwd: clone, env });
    expectWorked(ended);
    addressIn(ended.stdout);
    expectNothingLeft(box);
    // What it makes is ignored by git, so that a second clone is never needed.
    const status = await runProgram('git', ['status', '--porcelain'], { cwd: clone });
    expect(status.stdout).toBe('');
  }, 240_000);

  it('stays on a terminal until Ctrl-C, then exits 0 [holds quickstart.stays_on_terminal]', async () => {
    using box = sandbox();
    using terminal = new PseudoTerminal('npm run quickstart', {
      cwd: repository,
      env: environment(box),
    });
    await terminal.shows('It stays until Ctrl-C.', 0, 60_000);
    expectRealWork(terminal.shown);
    const url = addressIn(terminal.shown);
    expect((await fetch(`${url}/readyz`)).status).toBe(200);
    terminal.type(ctrlC);
    expect(await terminal.ended()).toBe(0);
    expectNothingLeft(box);
  });

  it('takes the daemon with it where Ctrl-C comes in the middle', async () => {
    using box = sandbox();
    using terminal = new PseudoTerminal('npm run quickstart', {
      cwd: repository,
      env: environment(box),
    });
    await terminal.shows('sessions create quickstart', 0, 60_000);
    terminal.type(ctrlC);
    expect(await terminal.ended()).toBe(130);
    expectNothingLeft(box);
  });
});
