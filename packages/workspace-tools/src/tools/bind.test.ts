import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { snapshot } from '../testing/snapshot.ts';
import { TemporaryWorkspace } from '../testing/temporary-workspace.ts';
import { toolContext } from '../testing/tool-context.ts';

function sha256(text: string): string {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

test('a call is bound to the real workspace, and to what its files hold now', async () => {
  await using workspace = await TemporaryWorkspace.create({ f: 'old\n', 'd/g': 'g\n' });
  await symlink('d', workspace.at('link'));
  const patch = [
    '*** Begin Patch',
    '*** Add File: new/file',
    '+x',
    '*** Update File: link/g',
    '*** Move to: moved',
    '*** Delete File: f',
    '*** End Patch',
  ].join('\n');
  const cwd = workspace.root;
  const f = { path: workspace.at('f'), digest: sha256('old\n') };
  const before = snapshot(workspace.base);
  // Also where the operator wrote the root through a link.
  const alias = join(workspace.base, 'alias');
  await symlink(workspace.root, alias);
  const through = Object.assign(Object.create(workspace), { root: alias }) as TemporaryWorkspace;
  for (const place of [workspace, through]) {
    expect(await place.bind('write_file', { path: './f', content: '' })).toEqual({
      cwd,
      files: [f],
    });
    expect(await place.bind('write_file', { path: 'new', content: '' })).toEqual({
      cwd,
      files: [{ path: workspace.at('new') }],
    });
    expect(await place.bind('edit_file', { path: 'f', old_text: 'a', new_text: '' })).toEqual({
      cwd,
      files: [f],
    });
    expect(await place.bind('apply_patch', { patch })).toEqual({
      cwd,
      files: [
        { path: workspace.at('new/file') },
        { path: workspace.at('d/g'), digest: sha256('g\n') },
        { path: workspace.at('moved') },
        f,
      ],
    });
  }
  expect(snapshot(workspace.base, [alias])).toEqual(before);
});

test('what cannot be written is refused when it is bound', async () => {
  await using workspace = await TemporaryWorkspace.create();
  const bind = (path: string) => workspace.bind('write_file', { path, content: '' });
  await expect(bind('.')).rejects.toMatchObject({ code: 'tools/unwritable' });
  await expect(bind('../new')).rejects.toMatchObject({ code: 'tools/path_not_allowed' });
  await expect(workspace.bind('apply_patch', { patch: 'x' })).rejects.toMatchObject({
    code: 'tools/invalid_input',
  });
});

test('of two calls that were approved over one file, one is carried out [holds approvals.exact_action]', async () => {
  await using workspace = await TemporaryWorkspace.create({ file: 'one' });
  const tool = workspace.editing().find(({ name }) => name === 'write_file');
  if (tool?.bind === undefined) throw new Error('no tool');
  const approved = await tool.bind(tool.parse({ path: 'file', content: 'any' }));
  const write = (content: string) =>
    tool.run(tool.parse({ path: 'file', content }), { ...toolContext(), approved });
  const ends = await Promise.allSettled([write('two'), write('three')]);
  expect(ends.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  expect(ends[1]).toMatchObject({ reason: { code: 'tools/file_changed' } });
  expect(readFileSync(workspace.at('file'), 'utf8')).toBe('two');
});
