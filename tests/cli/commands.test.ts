import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DaemonProcess,
  type Sandbox,
  cleanEnvironment,
  kheish,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { at, jsonOf, runKheish, runProgram } from '../harness/kheish-command.ts';

interface Run {
  readonly run_id: string;
  readonly status: string;
  readonly outputs: readonly { readonly content: string }[];
}

let box: Sandbox;
let daemon: DaemonProcess;
let env: Record<string, string>;

beforeAll(async () => {
  box = sandbox();
  const routesFile = box.file(
    'routes.toml',
    'version = 1\ndefault_route = "a"\n[routes.a]\ndriver = "scripted"\n[routes.b]\ndriver = "scripted"\n',
  );
  daemon = await startDaemon({ sandbox: box, routesFile });
  env = at(daemon);
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  box[Symbol.dispose]();
});

const json = <T>(...args: string[]) => jsonOf<T>(args, { env });

/** The first lines that a command prints that does not end by itself. */
async function firstLines(count: number, ...args: string[]): Promise<unknown[]> {
  const child = spawn(kheish, ['--output', 'json', ...args], {
    env: { ...cleanEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const found: unknown[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    found.push(JSON.parse(line));
    if (found.length === count) break;
  }
  const ended = child.exitCode === null ? once(child, 'exit') : undefined;
  child.kill('SIGKILL');
  await ended;
  return found;
}

describe('each command prints JSON', () => {
  it('status, capabilities, runtime get, store verify [holds cli.json]', async () => {
    expect(await json('status')).toMatchObject({ ready: true });
    expect(await json('capabilities')).toMatchObject({ problem_details: true });
    expect(await json('runtime', 'get')).toMatchObject({ route_id: 'a' });
    expect(await json('store', 'verify')).toMatchObject({ ok: true, findings: [] });
  });

  it('a session from its creation to its deletion [holds cli.json, sessions.life]', async () => {
    const created = await json(
      'sessions',
      'create',
      'life',
      '--thread-id',
      't',
      '--system-prompt',
      'Be brief.',
    );
    expect(created).toMatchObject({ session_id: 'life', thread_id: 't' });
    expect(await json('sessions', 'create', 'life', '--thread-id', 't')).toMatchObject({
      session_id: 'life',
    });
    expect(await json('sessions', 'create')).toMatchObject({
      session_id: expect.stringMatching(/./),
    });
    const run = await json<Run>('sessions', 'input', 'life', 'hello', '--wait');
    expect(run).toMatchObject({ status: 'completed', outputs: [{ content: expect.any(String) }] });
    const sessions = await json<{ session_id: string }[]>('sessions', 'list');
    expect(sessions.map((session) => session.session_id)).toContain('life');
    const messages = await json<{ role: string }[]>('sessions', 'messages', 'life');
    expect(messages.map(({ role }) => role)).toEqual(['user', 'assistant']);
    const events = await json<{ type: string; seq: number }[]>('sessions', 'events', 'life');
    expect(events.map(({ type }) => type)).toEqual([
      'session_created',
      'run_accepted',
      'run_started',
      'action_intended',
      'action_settled',
      'run_completed',
    ]);
    expect(await json('runs', 'list', '--session-id', 'life')).toHaveLength(1);
    expect(await json('runs', 'get', run.run_id)).toMatchObject({ run_id: run.run_id });
    expect(await json('runs', 'wait', run.run_id)).toMatchObject({ status: 'completed' });
    const ofRun = await json<{ type: string }[]>('runs', 'events', run.run_id);
    expect(ofRun).toEqual(events.slice(1));

    const stream = await runKheish(['--output', 'json', 'runs', 'stream', run.run_id], { env });
    const frames = stream.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as object);
    expect(frames).toEqual(
      ofRun.map((event) => ({
        id: String((event as { seq?: number }).seq),
        event: event.type,
        data: event,
      })),
    );
    const followed = await firstLines(events.length, 'sessions', 'stream', 'life', '--cursor', '0');
    expect(followed).toMatchObject(events.map(({ type }) => ({ event: type })));
    expect(await firstLines(1, 'events', 'stream', '--cursor', '0')).toMatchObject([{ id: '1' }]);

    expect(await json('sessions', 'end', 'life', '--reason', 'done')).toMatchObject({
      status: 'ended',
    });
    expect(await json('sessions', 'delete', 'life')).toMatchObject({ deleted: true });
    expect((await runKheish(['sessions', 'get', 'life'], { env })).code).toBe(5);
    expect(await json('store', 'verify')).toMatchObject({ ok: true, findings: [] });
  });

  it('set-route decides for later runs until it is cleared [holds routes.chosen_per_run]', async () => {
    await json('sessions', 'create', 'routed');
    const routeOf = async (...more: string[]) =>
      (await json<{ request: { provider: string } }>('sessions', 'input', 'routed', 'hi', ...more))
        .request.provider;
    expect(await routeOf()).toBe('a');
    expect(await routeOf('--provider', 'b')).toBe('b');
    expect(await routeOf('--model', 'b/scripted')).toBe('b');
    await json('sessions', 'set-route', 'routed', '--provider', 'b');
    expect(await routeOf()).toBe('b');
    expect(await routeOf('--model', 'a/scripted')).toBe('a');
    await json('sessions', 'set-route', 'routed', '--clear');
    expect(await routeOf('--wait')).toBe('a');
    const runs = await json<{ request: { provider: string } }[]>(
      'runs',
      'list',
      '--session-id',
      'routed',
    );
    expect(runs.map(({ request }) => request.provider)).toEqual(['a', 'b', 'b', 'b', 'a', 'a']);
    const unknown = await runKheish(['sessions', 'input', 'routed', 'hi', '--provider', 'c'], {
      env,
    });
    expect(unknown).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('routes/unknown_route'),
    });
  });
});

it('subcommands have the other names of the reference [holds cli.aliases]', async () => {
  await json('session', 'open', 'alias');
  const run = await json<Run>('session', 'send', 'alias', 'hello', '--wait');
  expect(await json('session', 'show', 'alias')).toMatchObject({ session_id: 'alias' });
  expect(await json('run', 'show', run.run_id)).toMatchObject({ run_id: run.run_id });
  expect(await json('secret', 'list')).toEqual([]);
  for (const follow of ['watch', 'follow']) {
    const followed = await runKheish(['run', follow, run.run_id], { env });
    expect(followed).toMatchObject({ code: 0, stdout: expect.stringContaining('run_completed') });
  }
});

describe('lists', () => {
  it('go through all pages, stop at --limit, and give a cursor with --page [holds cli.lists]', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `page-${String(index).padStart(2, '0')}`);
    for (const id of ids) await fetch(`${daemon.url}/v1/sessions`, post({ session_id: id }));
    expect(idsOf(await json('sessions', 'list'))).toEqual(ids);
    type Page = { items: { session_id: string }[]; pagination: { next_cursor?: string } };
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const more: string[] = cursor === undefined ? [] : ['--cursor', cursor];
      const page = await json<Page>('sessions', 'list', '--page', '--limit', '6', ...more);
      expect(page.items.length).toBeLessThanOrEqual(6);
      seen.push(...idsOf(page.items));
      cursor = page.pagination.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(ids);
    expect(await json('sessions', 'list', '--limit', '3')).toHaveLength(3);
    const bad = await runKheish(['sessions', 'list', '--page', '--cursor', '%%'], { env });
    expect(bad).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('pagination/invalid_cursor'),
    });
  });

  it('are tables for people and pretty JSON elsewhere', async () => {
    await json('sessions', 'create', 'shown');
    const table = await runKheish(['sessions', 'list', '--output', 'table'], { env });
    expect(table.stdout).toMatch(/^\S.*\n/);
    expect(table.stdout).toMatch(/^shown\s+/m);
    const auto = await runKheish(['sessions', 'get', 'shown'], { env });
    expect(auto.stdout).toMatch(/^\{\n {2}"session_id": "shown"/);
  });
});

describe('a pipe', () => {
  it('that closes ends the command quietly [holds cli.pipes]', async () => {
    await json('sessions', 'create', 'piped');
    const run = await json<Run>(
      'sessions',
      'input',
      'piped',
      'scripted: say 20000 words',
      '--wait',
    );
    expect(run.status).toBe('completed');
    // A command meets the closed end as it writes: these have more to say than a pipe holds, or go on and on.
    const talking = 'scripted: pause 20 per word\nscripted: say 100000 words';
    const { run_id: endless } = await json<Run>('sessions', 'input', 'piped', talking);
    for (const command of [
      'sessions messages piped',
      `runs get ${run.run_id}`,
      'events stream --cursor 0',
      `runs stream ${endless}`,
    ]) {
      const line = `${kheish} ${command} | head -n 1; echo "\${PIPESTATUS[*]}"`;
      const { stdout, stderr } = await runProgram('bash', ['-c', line], { env });
      expect([command, stderr, stdout.split('\n').at(-2)]).toEqual([command, '', '0 0']);
    }
    await json('runs', 'cancel', endless);
  });
});

function post(body: object): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
}

function idsOf(sessions: { session_id: string }[]): string[] {
  return sessions.map((session) => session.session_id).filter((id) => id.startsWith('page-'));
}
