import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { EditorProcess } from '../testing/editor-process.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';

const LENGTH = 12_000_000;

test('kill -9 amid a write leaves the old file or the new one, whole, and the next write removes its remains [holds tools.edits_whole_files]', async () => {
  await using workspace = await TemporaryWorkspace.create({ f: 'a'.repeat(LENGTH) });
  for (const dieAt of [1, LENGTH / 2, LENGTH, 'rename'] as const) {
    await using editor = new EditorProcess(workspace.root);
    const input = { path: 'f', content: 'b' };
    editor.send({ tool: 'write_file', input, times: LENGTH, dieAt });
    await editor.answer();
    await editor.kill();
    const letter = (await workspace.read('f'))[0] ?? '';
    expect((await workspace.read('f')) === letter.repeat(LENGTH)).toBe(true);
    const left = (await readdir(workspace.root)).filter((name) => name !== 'f');
    expect(left.length).toBe(letter === 'a' ? 1 : 0);
    // With all bytes written it may die before or after it has given the file its name.
    if (dieAt !== LENGTH) expect(letter).toBe(dieAt === 'rename' ? 'b' : 'a');
  }

  await workspace.call('write_file', { path: 'g', content: '' });
  expect((await readdir(workspace.root)).toSorted()).toEqual(['f', 'g']);
});
