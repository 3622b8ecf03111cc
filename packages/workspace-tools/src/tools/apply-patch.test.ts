import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { chmod, readdir, stat, symlink } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { snapshot } from '../testing/snapshot.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

function marked(...lines: string[]): { patch: string } {
  return { patch: ['*** Begin Patch', ...lines, '*** End Patch'].join('\n') };
}

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

/** New files, as many as that. */
function added(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `*** Add File: n/${index}\n+x`);
}

describe('apply_patch', () => {
  test('adds, changes, moves and deletes files, and tells of each', async () => {
    await using workspace = await TemporaryWorkspace.create({
      changed: 'one\ntwo\nthree\n',
      from: 'a\nb\n',
      gone: 'x',
    });
    await chmod(workspace.at('from'), 0o750);
    const answer = await workspace.call(
      'apply_patch',
      marked(
        '*** Add File: deep/er/added',
        '+new',
        '*** Update File: changed',
        '@@',
        ' one',
        '-two',
        '+2',
        '*** Update File: from',
        '*** Move to: to/there',
        '@@',
        '-b',
        '+c',
        '*** Delete File: gone',
      ),
    );
    expect(answer.split('\n')).toEqual([
      `Created deep/er/added: 4 bytes, ${sha256('new\n')}.`,
      `Replaced changed: 12 bytes, ${sha256('one\n2\nthree\n')}.`,
      `Created to/there: 4 bytes, ${sha256('a\nc\n')}.`,
      'Deleted from.',
      'Deleted gone.',
      '',
    ]);
    expect(await workspace.read('deep/er/added')).toBe('new\n');
    expect(await workspace.read('changed')).toBe('one\n2\nthree\n');
    expect(await workspace.read('to/there')).toBe('a\nc\n');
    expect((await stat(workspace.at('to/there'))).mode & 0o777).toBe(0o750);
    expect((await readdir(workspace.root)).toSorted()).toEqual(['changed', 'deep', 'to']);
  });

  test('a unified diff does the same', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'one\ntwo\n', gone: 'x\n' });
    const patch = `--- a/f
+++ b/f
@@ -1,2 +1,2 @@
 one
-two
+2
\\ No newline at end of file
--- a/gone
+++ /dev/null
@@ -1 +0,0 @@
-x
`;
    await workspace.call('apply_patch', { patch });
    expect(await workspace.read('f')).toBe('one\n2');
    expect(await readdir(workspace.root)).toEqual(['f']);
  });

  test('keeps a byte order mark, line ends and permissions', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: '\ufeffone\r\ntwo\r\n' });
    await chmod(workspace.at('f'), 0o700);
    await workspace.call('apply_patch', marked('*** Update File: f', '-one', '+1', '+1.5', ' two'));
    expect(await workspace.read('f')).toBe('\ufeff1\r\n1.5\r\ntwo\r\n');
    expect((await stat(workspace.at('f'))).mode & 0o777).toBe(0o700);
  });

  const fine = ['*** Add File: new/fine', '+x', '*** Update File: f', '-a', '+b'];
  test.each<[string, string[], string]>([
    [
      'a later hunk',
      ['*** Update File: g', '@@', '-g', '+b', '@@', '-x'],
      'g: hunk at patch line 11: its lines do not stand in the file after line 1',
    ],
    [
      'a missing file',
      ['*** Update File: none', '-a'],
      'tools/not_found: no such file or directory',
    ],
    ['a missing file to delete', ['*** Delete File: none'], 'tools/not_found'],
    ['a file that is there', ['*** Add File: g', '+x'], 'tools/unwritable: g: is there already'],
    ['a move onto a file', ['*** Update File: g', '*** Move to: h'], 'h: is there already'],
    ['a directory', ['*** Delete File: d'], 'tools/unwritable: d: is a directory'],
    ['a link to delete', ['*** Delete File: link'], 'link: is a symbolic link; name the file'],
    ['a link to move', ['*** Update File: link', '*** Move to: m'], 'link: is a symbolic link'],
    ['a file twice', ['*** Delete File: d/../f'], 'f and d/../f are the same file'],
    ['a new file twice', ['*** Add File: ./new/fine', '+x'], 'are the same file'],
    ['a file below a file', ['*** Add File: new/fine/x', '+x'], 'cannot both be files'],
    ['a binary file', ['*** Update File: binary', '-a'], 'binary: is not a text file'],
    ['no change', ['*** Update File: g', '@@', ' g'], 'g would stay as it is'],
    ['a broken patch', ['*** Update File: g'], 'g is to be updated, but there is no hunk'],
  ])(
    '%s refuses the whole patch before anything is changed [holds tools.patch_all_or_nothing]',
    async (_, lines, detail) => {
      const files = { f: 'a\n', g: 'g\n', h: 'h\n', binary: 'a\0', 'd/x': '' };
      await using workspace = await TemporaryWorkspace.create(files);
      await symlink('g', workspace.at('link'));
      const before = snapshot(workspace.base);
      expect(await workspace.problem('apply_patch', marked(...fine, ...lines))).toContain(detail);
      expect(snapshot(workspace.base)).toEqual(before);
      expect(await workspace.problem('apply_patch', marked(...fine))).toContain('Created new/fine');
    },
  );

  test('a deletion by a diff is refused where the file holds more', async () => {
    await using workspace = await TemporaryWorkspace.create({ f: 'a\nb\n' });
    const patch = '--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n';
    expect(await workspace.problem('apply_patch', { patch })).toBe(
      'tools/invalid_input: f is to be deleted, but holds other lines too',
    );
    expect(await workspace.read('f')).toBe('a\nb\n');
  });

  test('when a later step fails, it is said what was done and what not', async () => {
    await using workspace = await TemporaryWorkspace.create({ 'a/f': 'a\n', c: 'c\n' });
    const patch = marked(
      '*** Update File: a/f',
      '-a',
      '+b',
      '*** Add File: d',
      '+d',
      '*** Delete File: c',
      '*** Add File: e/f',
      '+x',
    );
    let names = 0;
    // Asked for a name for the last new file, when all have been looked at, and nothing is done.
    const bytes = (count: number) => {
      names += 1;
      if (names === 3) mkdirSync(workspace.at('d'));
      return randomBytes(count);
    };
    workspace.random = { bytes };
    expect(await workspace.problem('apply_patch', patch)).toBe(
      'tools/file_changed: d: was changed by someone else meanwhile; read it again. ' +
        `Replaced a/f: 2 bytes, ${sha256('b\n')}. Not changed: c, e/f.`,
    );
    expect(await workspace.read('a/f')).toBe('b\n');
    expect(await workspace.read('c')).toBe('c\n');
    expect((await readdir(workspace.root)).toSorted()).toEqual(['a', 'c', 'd']);
    expect(names).toBe(3);
  });

  test('more than a hundred files, or too many bytes, are refused', async () => {
    await using workspace = await TemporaryWorkspace.create({
      f: 'x'.repeat(60),
      g: 'x'.repeat(60),
    });
    expect(await workspace.problem('apply_patch', marked(...added(101)))).toContain(
      'more than 100 files',
    );
    expect(await workspace.problem('apply_patch', marked(...added(100)))).toContain('Created n/99');
    workspace.limits = { maxChangedBytes: 100 };
    const both = marked('*** Delete File: f', '*** Delete File: g');
    expect(await workspace.problem('apply_patch', both)).toBe(
      'tools/invalid_input: the files together have more than 100 bytes',
    );
    workspace.limits = { maxContentBytes: 50 };
    expect(await workspace.problem('apply_patch', both)).toContain('more than 50 bytes');
    expect(await workspace.read('f')).toHaveLength(60);
  });
});
