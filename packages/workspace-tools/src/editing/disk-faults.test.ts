import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, readdirSync } from 'node:fs';
import { notRun } from '@kheish/testkit';
import { expect, test } from 'vitest';
import { EditorProcess } from '../testing/editor-process.ts';
import { snapshot } from '../testing/snapshot.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

test('a full and a read-only disk are said, and leave every file as it was [holds tools.edits_whole_files]', async () => {
  const probe = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt']);
  if (probe.status !== 0) notRun('a process cannot have mounts of its own here');
  await using workspace = await TemporaryWorkspace.create();
  const script = 'mount -t tmpfs -o size=1m none "$1" && shift && exec "$@"';
  const under = ['unshare', '-m', 'sh', '-c', script, 'sh', workspace.root];
  await using editor = new EditorProcess(workspace.root, under);
  const write = (path: string, content: string, times?: number) =>
    editor.call('write_file', { path, content }, times);
  expect(await write('f', 'old')).toContain('Created f');
  const inside = `/proc/${editor.pid}/root${workspace.root}`;
  const before = snapshot(inside);

  expect(await write('f', 'x', 2_000_000)).toBe('KheishError: f: the disk is full');
  expect(await write('a/b/c', 'x', 2_000_000)).toBe('KheishError: a/b/c: the disk is full');
  const large = `+${'x'.repeat(2_000_000)}`;
  const patch = `*** Begin Patch\n*** Add File: d/e\n+small\n*** Update File: f\n-old\n${large}\n*** End Patch`;
  expect(await editor.call('apply_patch', { patch })).toBe('KheishError: f: the disk is full');
  expect(snapshot(inside)).toEqual(before);

  expect(await write('f', 'new')).toContain('Replaced f');
  const remount = ['-t', String(editor.pid), '-m', 'mount', '-o', 'remount,ro', workspace.root];
  execFileSync('nsenter', remount);
  expect(await write('f', 'newer')).toBe('KheishError: f: the file system is read-only');
  expect(await write('g', 'newer')).toBe('KheishError: g: the file system is read-only');
  expect(readdirSync(inside)).toEqual(['f']);
  expect(readFileSync(`${inside}/f`, 'utf8')).toBe('new');
});

test('a read-only file and a closed directory are said, and stay as they are', async () => {
  await using workspace = await TemporaryWorkspace.create({ f: 'old', 'closed/f': 'old' });
  chmodSync(workspace.at('f'), 0o444);
  chmodSync(workspace.at('closed'), 0o555);
  const before = snapshot(workspace.base);
  // Root is held to permissions only without its capabilities.
  const under = process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all'] : [];
  await using editor = new EditorProcess(workspace.root, under);
  const problem = (path: string) => editor.call('write_file', { path, content: 'new' });
  for (const path of ['f', 'closed/f', 'closed/new', 'closed/new/new']) {
    expect(await problem(path)).toBe(`KheishError: ${path}: permission denied`);
  }
  const patch = '*** Begin Patch\n*** Add File: g\n+x\n*** Delete File: closed/f\n*** End Patch';
  expect(await editor.call('apply_patch', { patch })).toContain('closed/f: permission denied');
  expect(snapshot(workspace.base)).toEqual(before);
  chmodSync(workspace.at('closed'), 0o755);
});
