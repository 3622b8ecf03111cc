import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, symlinkSync, unlinkSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { constants } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Hosted, textOf } from '../testing/hosted.ts';

const canary = 'canary-3a1f';
const files = {
  'state/kheish.db': canary,
  'state/assets/one': canary,
  'api-key': canary,
  'work/inner/secret': canary,
  'work/plain': 'plain',
};
const hidden = ['state', 'api-key', 'work/inner', 'work/not-yet'];
const sandboxed = () => Hosted.create('auto', files, hidden);

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.end('reached')).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

test('the workspace can be written to, and nothing else [holds processes.sandboxed]', async () => {
  await using hosted = await sandboxed();
  const line = [
    'echo new > made && cat made plain',
    `for place in "$1" /etc /usr /var /sys /proc/sys/kernel /dev; do`,
    '  if (echo x > "$place/kheish-probe") 2>/dev/null; then echo "wrote $place"; fi',
    'done',
    'for knob in /proc/sys/kernel/hostname /proc/sys/vm/swappiness /proc/sysrq-trigger; do',
    '  if [ -e "$knob" ] && (: >> "$knob") 2>/dev/null; then echo "opened $knob"; fi',
    'done',
    'echo x > /tmp/own && echo private',
  ].join('\n');
  const report = await hosted.run('', { argv: ['/bin/sh', '-c', line, 'sh', hosted.base] });
  // What is made in /dev is made in one of its own.
  expect(textOf(report).replace('wrote /dev\n', '')).toBe('new\nplainprivate\n');
  expect(readFileSync(hosted.at('made'), 'utf8')).toBe('new\n');
});

test('nothing hidden is read, by whatever way [holds processes.sandboxed]', async () => {
  await using hosted = await sandboxed();
  symlinkSync(join(hosted.base, 'state'), hosted.at('link'));
  symlinkSync(join(hosted.base, 'api-key'), hosted.at('key'));
  const line = [
    'cd "$1"',
    'cat state/kheish.db state/assets/one api-key work/inner/secret',
    'cat work/link/kheish.db work/key work/../api-key',
    'for root in /proc/1/root /proc/self/root "/proc/$2/root" "/proc/$2/cwd"; do',
    '  cat "$root$1/api-key" "$root$1/state/kheish.db" "$root/api-key"',
    'done',
    'ln state/kheish.db work/hard; ln api-key work/hard; cat work/hard',
    'ls state work/inner',
    'umount state work/inner api-key; mount -o remount,rw /; cat api-key',
    'unshare -Urm sh -c "umount $1/state; umount -l $1/api-key; cat $1/api-key $1/state/kheish.db"',
    'grep -rs canary . || echo nothing',
  ].join('\n');
  const argv = ['/bin/sh', '-c', line, 'sh', hosted.base, String(process.pid)] as const;
  const report = await hosted.run('', { argv });
  expect(textOf(report)).not.toContain(canary);
  expect(textOf(report)).toMatch(/nothing\n$/);
});

test('the daemon cannot be seen [holds processes.sandboxed]', async () => {
  await using hosted = await sandboxed();
  const line = 'kill -0 "$1" && echo seen; ls -d "/proc/$1" && echo listed';
  const argv = ['/bin/sh', '-c', line, 'sh', String(process.pid)] as const;
  const report = await hosted.run('', { argv });
  expect(textOf(report)).not.toMatch(/seen|listed/);
});

test('no command is started while a hidden file has a second name [holds processes.sandboxed]', async () => {
  await using hosted = await sandboxed();
  linkSync(join(hosted.base, 'state/assets/one'), hosted.at('second'));
  const refusal = expect.objectContaining({ code: 'processes/hidden_exposed' }) as Error;
  await expect(hosted.hold('cat second')).rejects.toThrow(refusal);
  unlinkSync(hosted.at('second'));
  linkSync(join(hosted.base, 'api-key'), hosted.at('second'));
  await expect(hosted.hold('cat second')).rejects.toThrow(refusal);
  unlinkSync(hosted.at('second'));
  expect(await hosted.run('true')).toMatchObject({ exit_code: 0 });
});

test('where others leave their sockets there is nothing', async () => {
  await using hosted = await sandboxed();
  const report = await hosted.run(
    'ls -A /tmp /var/tmp /run | grep -v -e ^/ -e ^$ -e ^current-system$',
  );
  expect(textOf(report)).toBe('');
});

test('what is hidden and does not exist is not made', async () => {
  await using hosted = await sandboxed();
  await hosted.run('true');
  expect(execFileSync('ls', [hosted.workspaceRoot], { encoding: 'utf8' })).toBe('inner\nplain\n');
});

test('a command that signals its own group meets nobody else', async () => {
  await using hosted = await sandboxed();
  expect(await hosted.run('kill 0; echo on')).toMatchObject({ exit_code: 143, death: 'proven' });
});

/** Prints what the listener says. */
const connect = (port: number) =>
  `exec 3<>/dev/tcp/127.0.0.1/${port} && cat <&3 || echo unreachable`;

test('the network is there only where it is allowed [holds processes.sandboxed]', async () => {
  await using hosted = await sandboxed();
  const argv = ['/bin/bash', '-c', connect(await listen())] as const;
  expect(textOf(await hosted.run('', { argv }))).toMatch(/unreachable\n$/);
  expect(textOf(await hosted.run('', { argv, network: true }))).toBe('reached');
});

test('no socket of the host answers, wherever its file lies, with the network or without', async () => {
  await using hosted = await sandboxed();
  const path = join(hosted.base, 'a socket');
  const server = createServer((socket) => socket.end('reached')).listen(path);
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  // Perl, since this test's own program may lie in a directory that the sandbox empties.
  const script = `use IO::Socket::UNIX; my $s = IO::Socket::UNIX->new($ARGV[0]); print $s ? <$s> : 'errno ' . ($! + 0)`;
  const argv = ['/usr/bin/perl', '-e', script, path] as const;
  const { EACCES, ECONNREFUSED } = constants.errno;
  const refused = [EACCES, ECONNREFUSED].map((errno) => `errno ${errno}`);
  expect(refused).toContain(textOf(await hosted.run('', { argv })));
  expect(refused).toContain(textOf(await hosted.run('', { argv, network: true })));
  await using open = await Hosted.create('off');
  expect(textOf(await open.run('', { argv }))).toBe('reached');
});

test('a sandbox that cannot be made fails before anything has begun', async () => {
  await using hosted = await sandboxed();
  await expect(hosted.hold('true', { cwd: hosted.at('nowhere') })).rejects.toThrow(
    expect.objectContaining({
      code: 'processes/not_started',
      message: expect.stringContaining('nowhere') as string,
    }) as Error,
  );
});
