import { createHash } from 'node:crypto';
import { chmod, chown, link, mkdir, readdir, stat, symlink, writeFile } from 'node:fs/promises';
import { notRun } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** A temporary file of a process. */
function left(pid: number): string {
  return `.kheish-edit-${pid}-0123456789abcdef`;
}

async function modeOf(path: string): Promise<number> {
  return (await stat(path)).mode & 0o7777;
}

describe('write_file', () => {
  test('makes a file with the directories it needs, and says what it holds', async () => {
    await using workspace = await TemporaryWorkspace.create();
    expect(await workspace.call('write_file', { path: 'a/b/c.txt', content: 'grüße\n' })).toBe(
      `Created a/b/c.txt: 8 bytes, ${sha256('grüße\n')}.\n`,
    );
    expect(await workspace.read('a/b/c.txt')).toBe('grüße\n');
    expect(await workspace.call('write_file', { path: 'empty', content: '' })).toBe(
      `Created empty: 0 bytes, ${sha256('')}.\n`,
    );
  });

  test('replaces the whole file, also with a shorter one', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'something long\n' });
    expect(await workspace.call('write_file', { path: './f', content: 'x' })).toBe(
      `Replaced ./f: 1 bytes, ${sha256('x')}.\n`,
    );
    expect(await workspace.read('f')).toBe('x');
    expect(await readdir(workspace.root)).toEqual(['f']);
  });

  test('an expected digest must be that of the file, with or without its prefix', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'old' });
    const write = (path: string, expected_sha256: string) =>
      workspace.problem('write_file', { path, content: 'new', expected_sha256 });
    expect(await write('f', sha256('other'))).toBe(
      `tools/file_changed: f: has another SHA-256 than expected: ${sha256('old')}`,
    );
    expect(await write('g', sha256('old'))).toBe('tools/file_changed: g: is not there');
    expect(await readdir(workspace.root)).toEqual(['f']);
    expect(await workspace.read('f')).toBe('old');
    expect(await write('f', sha256('old').slice(7))).toContain('Replaced f');
    expect(await write('f', sha256('new'))).toContain('Replaced f');
  });

  test('a new file has the usual permissions, a replaced one keeps its own', async () => {
    await using workspace = await TemporaryWorkspace.create({ script: 'x', secret: 'x' });
    await chmod(workspace.at('script'), 0o755);
    await chmod(workspace.at('secret'), 0o600);
    await workspace.write('usual/file');
    for (const path of ['script', 'secret', 'made/new']) {
      await workspace.call('write_file', { path, content: 'y' });
    }
    expect(await modeOf(workspace.at('script'))).toBe(0o755);
    expect(await modeOf(workspace.at('secret'))).toBe(0o600);
    expect(await modeOf(workspace.at('made/new'))).toBe(await modeOf(workspace.at('usual/file')));
    expect(await modeOf(workspace.at('made'))).toBe(await modeOf(workspace.at('usual')));
  });

  test('a replaced file keeps its owner, and gains no right to act as another', async () => {
    if (process.getuid?.() !== 0) notRun('only root gives files away');
    await using workspace = await TemporaryWorkspace.create({ f: 'x' });
    await chown(workspace.at('f'), 1234, 2345);
    await chmod(workspace.at('f'), 0o4755);
    await workspace.call('write_file', { path: 'f', content: 'y' });
    expect(await stat(workspace.at('f'))).toMatchObject({ uid: 1234, gid: 2345 });
    expect(await modeOf(workspace.at('f'))).toBe(0o755);
  });

  test('a hard link elsewhere keeps the old content', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'old' });
    await link(workspace.at('f'), `${workspace.base}/outside`);
    await workspace.call('write_file', { path: 'f', content: 'new' });
    expect(await workspace.read('f')).toBe('new');
    expect(await workspace.read('../outside')).toBe('old');
  });

  test('a link within the workspace is followed, and stays a link', async () => {
    await using workspace = await TemporaryWorkspace.create({ 'd/f': 'old' });
    await symlink('d', workspace.at('dir'));
    await symlink('d/f', workspace.at('link'));
    await symlink('d/new', workspace.at('dangling'));
    await workspace.call('write_file', { path: 'link', content: 'one' });
    expect(await workspace.read('d/f')).toBe('one');
    await workspace.call('write_file', { path: 'dir/f', content: 'two' });
    await workspace.call('write_file', { path: 'dangling', content: 'three' });
    expect(await workspace.read('d/f')).toBe('two');
    expect(await workspace.read('d/new')).toBe('three');
    const links = (await readdir(workspace.root, { withFileTypes: true })).filter((entry) =>
      entry.isSymbolicLink(),
    );
    expect(links.map(({ name }) => name).toSorted()).toEqual(['dangling', 'dir', 'link']);
  });

  test('what is no regular file is refused', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'x' });
    await mkdir(workspace.at('directory'));
    workspace.makeFifo('fifo');
    const write = (path: string) => workspace.problem('write_file', { path, content: 'y' });
    expect(await write('directory')).toBe('tools/unwritable: directory: is a directory');
    expect(await write('.')).toBe('tools/unwritable: .: is a directory');
    expect(await write('fifo')).toBe('tools/unwritable: fifo: is not a regular file');
    for (const path of ['f/below', 'new/', 'new/.', 'new/../g', 'f/']) {
      expect(await write(path)).toBe(`tools/not_found: no such file or directory: ${path}`);
    }
    expect((await readdir(workspace.root)).toSorted()).toEqual(['directory', 'f', 'fifo']);
  });

  test('contents and files beyond the limits are refused, and nothing is changed', async () => {
    await using workspace = await TemporaryWorkspace.create({ large: 'x'.repeat(101) });
    workspace.limits = { maxContentBytes: 10, maxFileBytes: 100 };
    const write = (path: string, content: string) =>
      workspace.problem('write_file', { path, content });
    expect(await write('f', '€€€€')).toBe('tools/invalid_input: content: more than 10 bytes');
    expect(await write('large', 'x')).toBe('tools/unreadable: large: has more than 100 bytes');
    expect(await write('f', '€€€x')).toContain('Created f: 10 bytes');
    expect(await workspace.read('large')).toHaveLength(101);
  });

  test('16 MiB are written whole, and one byte more is refused', async () => {
    await using workspace = await TemporaryWorkspace.create();
    const content = 'x'.repeat(16 * 1024 * 1024);
    expect(await workspace.call('write_file', { path: 'f', content })).toContain('16777216 bytes');
    expect((await workspace.read('f')) === content).toBe(true);
    expect(await workspace.problem('write_file', { path: 'f', content: `${content}y` })).toBe(
      'tools/invalid_input: content: more than 16777216 bytes',
    );
  });

  test('an abort before the last step changes nothing and leaves nothing', async () => {
    await using workspace = await TemporaryWorkspace.create();
    const controller = new AbortController();
    const content = 'x'.repeat(8_000_000);
    const input = { path: 'new/f', content };
    const writing = workspace.call('write_file', input, controller.signal);
    const reason = new Error('the run is to stop');
    controller.abort(reason);
    await expect(writing).rejects.toBe(reason);
    expect(await readdir(workspace.root)).toEqual([]);
  });

  test('what a killed process left behind is removed by the next write, what a living one writes is not', async () => {
    await using workspace = await TemporaryWorkspace.create();
    // The largest possible process id of Linux is below this; that of the test's parent is alive.
    const names = [left(2 ** 30), left(process.ppid), left(process.pid), `${left(2 ** 30)}0`];
    for (const name of names) await writeFile(workspace.at(name), 'half');
    await symlink('/etc/passwd', workspace.at(left(2 ** 30 + 1)));
    await workspace.call('write_file', { path: 'f', content: 'x' });
    expect((await readdir(workspace.root)).toSorted()).toEqual(
      [left(process.ppid), `${left(2 ** 30)}0`, 'f'].toSorted(),
    );
  });
});
