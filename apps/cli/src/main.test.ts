import { describe, expect, test } from 'vitest';
import {
  deadAddress,
  fakeDaemon,
  frameText,
  json,
  problem,
  startStream,
} from './testing/fake-daemon.ts';
import { runCli, startCli } from './testing/run-cli.ts';
import { RUN, capabilities, pageOf, runView, sessionView } from './testing/views.ts';

const completed = {
  type: 'run_completed',
  session_id: 'demo',
  run_id: RUN,
  outputs: [],
  seq: 2,
  at_ms: 0,
  v: 1,
};

describe('a command that fails', () => {
  test('tells status, names and detail on stderr, and nothing on stdout', async () => {
    await using daemon = await fakeDaemon((_, response) =>
      problem(response, 404, 'runs/run_not_found'),
    );
    expect(await runCli(['--base-url', daemon.baseUrl, 'runs', 'get', 'x'])).toEqual({
      code: 5,
      stdout: '',
      stderr: 'Error: daemon returned 404 (runs/run_not_found): as told\n',
    });
  });

  test('exits 3 when no daemon answers', async () => {
    const baseUrl = await deadAddress();
    const { code, stderr } = await runCli(['status'], { env: { KHEISH_DAEMON_URL: baseUrl } });
    expect(code).toBe(3);
    expect(stderr).toBe(`Error: no answer from a daemon at ${baseUrl}: ECONNREFUSED\n`);
  });

  test('exits 8 when it does not understand the answer', async () => {
    await using daemon = await fakeDaemon((_, response) => json(response, { something: 'else' }));
    const { code, stderr } = await runCli(['--base-url', daemon.baseUrl, 'status']);
    expect(code).toBe(8);
    expect(stderr).toMatch(/^Error: .*not of this client's version/);
  });

  test.each([
    [['runs']],
    [['sttus']],
    [['status', '--bogus']],
    [['--mcp-profile', 'docs']],
    [['runs', 'wait', 'x', '--timeout-ms', '0']],
    [['--output', 'xml', 'status']],
    [['sessions', 'input', 'x']],
    [['sessions', 'input', 'x', 'hi', '--stdin']],
    [['sessions', 'input', 'x', 'hi', '--timeout-ms', '5']],
    [['sessions', 'set-route', 'x']],
    [['secrets', 'set', 'x', '--value', 'v']],
    [['--base-url', 'nonsense', 'status']],
    [['runs', 'cancel', '..']],
  ])('exits 2 on %j without asking anybody', async (args) => {
    const { code, stdout, stderr } = await runCli(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^(Error: |Usage: )/);
    expect(stderr).not.toMatch(/daemon returned|ECONNREFUSED/);
  });
});

describe('a command that waits', () => {
  test.each([
    ['completed', 0],
    ['failed', 10],
    ['cancelled', 11],
    ['interrupted', 12],
  ] as const)('for a run that is %s prints it and exits %d', async (status, exit) => {
    await using daemon = await fakeDaemon(({ method, path }, response) => {
      if (method === 'POST') return json(response, runView('queued'), 202);
      if (!path.endsWith('/stream')) return json(response, runView(status));
      startStream(response);
      response.end(frameText({ ...completed, type: `run_${status}` }));
    });
    const args = ['sessions', 'input', 'demo', '--stdin', '--wait', '--output', 'json'];
    const ended = await runCli(['--base-url', daemon.baseUrl, ...args], { stdin: 'hi' });
    expect(ended).toEqual({
      code: exit,
      stdout: `${JSON.stringify(runView(status))}\n`,
      stderr: '',
    });
    expect(daemon.seen[0]?.body).toEqual({ content: 'hi' });
  });

  test('exits 15 when its time has passed, and names the run', async () => {
    await using daemon = await fakeDaemon((_, response) => startStream(response));
    const args = ['runs', 'wait', RUN, '--timeout-ms', '300'];
    const { code, stderr } = await runCli(['--base-url', daemon.baseUrl, ...args]);
    expect(code).toBe(15);
    expect(stderr).toMatch(`Error: run ${RUN} was not over within 300 ms`);
  });
});

describe('output', () => {
  test('is pretty JSON where nobody sits at a terminal, and one line as json', async () => {
    await using daemon = await fakeDaemon((_, response) => json(response, capabilities));
    const pretty = await runCli(['capabilities', '--base-url', daemon.baseUrl]);
    expect(pretty.stdout).toBe(`${JSON.stringify(capabilities, undefined, 2)}\n`);
    const line = await runCli(['capabilities', '--output', 'json', '--base-url', daemon.baseUrl]);
    expect(line.stdout).toBe(`${JSON.stringify(capabilities)}\n`);
  });

  test('of a list is its items over all pages, and the page itself with --page', async () => {
    await using daemon = await fakeDaemon(({ query }, response) => {
      const last = query.get('cursor') === 'c';
      json(response, last ? pageOf([sessionView()]) : pageOf([sessionView(), sessionView()], 'c'));
    });
    const args = ['--base-url', daemon.baseUrl, '--output', 'json', 'sessions', 'list'];
    expect(JSON.parse((await runCli(args)).stdout)).toHaveLength(3);
    expect(JSON.parse((await runCli([...args, '--page'])).stdout)).toMatchObject({
      pagination: { next_cursor: 'c' },
    });
    const table = await runCli([...args, '--output', 'table', '--limit', '1']);
    expect(table.stdout.split('\n').map((line) => line.split(/ {2,}/)[0])).toEqual([
      'session',
      'demo',
      '',
    ]);
  });

  test('of a stream is one JSON object a line', async () => {
    const started = { ...completed, type: 'run_started', incarnation: 1, seq: 1 };
    await using daemon = await fakeDaemon((_, response) => {
      startStream(response);
      response.end(frameText(started) + frameText(completed));
    });
    const args = ['--output', 'json', 'runs', 'stream', RUN, '--base-url', daemon.baseUrl];
    const lines = (await runCli(args)).stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { id: '1', event: 'run_started', data: started },
      { id: '2', event: 'run_completed', data: completed },
    ]);
  });

  test('into a closed pipe ends quietly with 0', async () => {
    await using daemon = await fakeDaemon((_, response) => {
      startStream(response);
      let seq = 0;
      const more = () => {
        while (response.write(frameText({ ...completed, type: 'run_started', seq: (seq += 1) })));
      };
      response.on('drain', more);
      more();
    });
    const args = ['--base-url', daemon.baseUrl, 'events', 'stream', '--cursor', '0'];
    const child = startCli(args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stderr = '';
    child.stderr?.on('data', (chunk) => (stderr += String(chunk)));
    child.stdout?.once('data', () => child.stdout?.destroy());
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('a help is shown on stdout and exits 0', async () => {
  const { code, stdout, stderr } = await runCli(['--help']);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toContain('serve|start');
});
