import { execFileSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createProcessHost } from '../process-host.ts';
import { Hosted, path, realClock, textOf } from '../testing/hosted.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(['auto', 'off'] as const)('with the sandbox %s, a command', (sandbox) => {
  test('has an environment of its own, and nobody’s in it can be read [holds processes.clean_environment]', async () => {
    vi.stubEnv('KHEISH_CANARY', 'canary-77');
    await using hosted = await Hosted.create(sandbox);
    const line =
      'tr "\\0" "\\n" < /proc/self/environ; cat /proc/[0-9]*/environ | grep -c canary-77';
    const more = { environment: { EXTRA: 'given', PATH: '/nowhere' }, mark: 'act_surroundings' };
    const printed = textOf(await hosted.run(line, more));
    const variables = printed.split('\n').filter((text) => text.includes('='));
    expect(variables.toSorted()).toEqual([
      'EXTRA=given',
      `HOME=${sandbox === 'auto' ? '/tmp' : hosted.workspaceRoot}`,
      'KHEISH_ACTION=act_surroundings',
      'LANG=C.UTF-8',
      `PATH=${path}`,
      `PWD=${hosted.workspaceRoot}`,
      'TERM=dumb',
    ]);
    if (sandbox === 'auto') expect(printed).toMatch(/\n0\n$/);
  });

  test('has no descriptor but its input and its outputs [holds processes.clean_environment]', async () => {
    await using hosted = await Hosted.create(sandbox);
    const list = 'ls -1 /proc/self/fd';
    // Descriptors that this process was itself started with are handed on by the system.
    const ours = execFileSync('/bin/sh', ['-c', list], { encoding: 'utf8' });
    const opened = openSync('/dev/null', 'r');
    const report = await hosted.run(list);
    closeSync(opened);
    expect(textOf(report)).toBe(ours);
  });

  test('leaves no core file, and has a bound of processes', async () => {
    await using hosted = await Hosted.create(sandbox);
    const report = await hosted.run('', { argv: ['/bin/bash', '-c', 'ulimit -c; ulimit -u'] });
    expect(textOf(report)).toBe('0\n4096\n');
  });

  test('starts in its directory', async () => {
    await using hosted = await Hosted.create(sandbox, { 'work/below/file': '' });
    expect(textOf(await hosted.run('pwd; ls', { cwd: hosted.at('below') }))).toBe(
      `${hosted.at('below')}\nfile\n`,
    );
  });
});

test('a directory that is not there fails before anything has begun', async () => {
  await using hosted = await Hosted.create('off');
  await expect(hosted.hold('true', { cwd: hosted.at('nowhere') })).rejects.toThrow(
    expect.objectContaining({ code: 'processes/not_started' }) as Error,
  );
});

test.each([
  ['bin:/usr/bin:.::/bin', '/usr/bin:/bin'],
  ['/usr/bin', '/usr/bin'],
  ['', expect.stringMatching(/^\/.*:\/usr\/bin:/)],
  ['.:bin', expect.stringMatching(/^\/.*:\/usr\/bin:/)],
])('of the PATH %j nothing that depends on a directory is handed on', (given, kept) => {
  const host = createProcessHost({
    clock: realClock,
    workspaceRoot: '/srv/work',
    hidden: [],
    path: given,
  });
  expect(host.path).toEqual(kept);
});

test('a sandbox that is turned off is reported so', async () => {
  await using hosted = await Hosted.create('off');
  expect(await hosted.host.sandbox()).toEqual({ kind: 'none', reason: 'it is turned off' });
});
