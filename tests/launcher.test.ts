import { spawn } from 'node:child_process';
import { chmod, cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { root } from '../scripts/tools.ts';

const pinnedName = `node-${process.platform}-${process.arch}`;
const main = `console.log(JSON.stringify({ pid: process.pid, node: process.execPath, args: process.argv.slice(2) }));`;

interface Told {
  readonly pid: number;
  readonly node: string;
  readonly args: readonly string[];
}

let home: string;
let house: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'kheish launcher '));
  house = join(home, 'a house with  spaces');
  await mkdir(join(house, 'apps', 'cli', 'dist'), { recursive: true });
  await mkdir(join(house, 'node_modules', pinnedName, 'bin'), { recursive: true });
  await cp(join(root, 'bin'), join(house, 'bin'), { recursive: true, verbatimSymlinks: true });
  await writeFile(join(house, 'apps', 'cli', 'dist', 'main.js'), main);
  await symlink(process.execPath, join(house, 'node_modules', pinnedName, 'bin', 'node'));
});

afterEach(async () => {
  await rm(home, { recursive: true, force: true });
});

async function start(command: string, args: readonly string[] = [], path = '/usr/bin:/bin') {
  const child = spawn(command, args, { cwd: home, env: { PATH: path } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  return { pid: child.pid, code, stdout, stderr };
}

async function told(command: string, args?: readonly string[], path?: string) {
  const { pid, stdout, stderr } = await start(command, args, path);
  expect(stderr).toBe('');
  return { started: pid, ...(JSON.parse(stdout) as Told) };
}

/** A `node` on its own PATH entry that gives another version. */
async function hostNode(version: string): Promise<string> {
  const folder = join(home, `host ${version}`);
  await mkdir(folder);
  const script = `#!/bin/sh\n[ "$1" = --version ] && echo ${version} && exit\nexec "${process.execPath}" "$@"\n`;
  await writeFile(join(folder, 'node'), script);
  await chmod(join(folder, 'node'), 0o755);
  return `${folder}:/usr/bin:/bin`;
}

describe('bin/kheish', () => {
  it('becomes Node, with the arguments as they were given [holds launcher.one_process]', async () => {
    const args = ['sessions', 'a  b', '', '--x="1"', '*'];
    const { started, pid, node, args: got } = await told(join(house, 'bin', 'kheish'), args);
    expect(pid).toBe(started);
    expect(node).toBe(process.execPath);
    expect(got).toEqual(args);
  });

  it('is also called kheish-daemon', async () => {
    expect((await told(join(house, 'bin', 'kheish-daemon'), ['x'])).args).toEqual(['x']);
  });

  it('finds its house through a chain of links, absolute and relative', async () => {
    const elsewhere = join(home, 'else where');
    await mkdir(elsewhere);
    await symlink(join(house, 'bin', 'kheish-daemon'), join(elsewhere, 'one'));
    await symlink('one', join(elsewhere, 'two'));
    await symlink('../else where/two', join(elsewhere, 'three'));
    expect((await told(join(elsewhere, 'three'), ['x'])).args).toEqual(['x']);
  });

  it('finds its house when a folder on the way is a link', async () => {
    await symlink(join(house, 'bin'), join(home, 'tools'));
    expect((await told(join(home, 'tools', 'kheish'), ['x'])).args).toEqual(['x']);
  });

  it('is found on PATH', async () => {
    const { args } = await told('kheish', ['x'], `${join(house, 'bin')}:/usr/bin:/bin`);
    expect(args).toEqual(['x']);
  });

  it('takes a new enough Node of the machine where none is pinned', async () => {
    await rm(join(house, 'node_modules'), { recursive: true });
    expect(
      (await told(join(house, 'bin', 'kheish'), ['x'], await hostNode('v24.1.0'))).args,
    ).toEqual(['x']);
  });

  it('refuses an old Node of the machine', async () => {
    await rm(join(house, 'node_modules'), { recursive: true });
    const { code, stderr } = await start(
      join(house, 'bin', 'kheish'),
      [],
      await hostNode('v20.19.0'),
    );
    expect(stderr).toContain('needs Node 24');
    expect(code).toBe(1);
  });

  it('names the command that builds [holds launcher.names_the_build]', async () => {
    await rm(join(house, 'apps', 'cli', 'dist'), { recursive: true });
    const { code, stdout, stderr } = await start(join(house, 'bin', 'kheish'));
    expect(stderr).toBe(`kheish is not built: run 'npm run build' in ${house}\n`);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });
});
