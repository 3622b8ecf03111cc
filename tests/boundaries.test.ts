import { execFileSync } from 'node:child_process';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { folderOf, isTest, type SourceFile, violationsOf } from './boundaries/check.ts';
import { mayImport, rooms } from './boundaries/table.ts';

const root = dirname(import.meta.dirname);
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string) => JSON.parse(read(join(folder, 'package.json'))) as Manifest;
const rootManifest = manifestOf('.');
const folders = globSync('{packages,apps}/*/package.json', { cwd: root }).map((path) =>
  dirname(path),
);

function declaredBy(folder: string, test: boolean): Set<string> {
  const { name, dependencies = {}, devDependencies = {} } = manifestOf(folder);
  const own = [name, ...Object.keys(dependencies), ...Object.keys(devDependencies)];
  return new Set(test ? [...own, ...Object.keys(rootManifest.devDependencies ?? {})] : own);
}

const files: SourceFile[] = folders.flatMap((folder) =>
  globSync(`${folder}/src/**/*.{ts,tsx,mts,cts,js,mjs,cjs}`, { cwd: root }).map((path) => ({
    path,
    code: read(path),
    dependencies: declaredBy(folder, isTest(path)),
  })),
);

const found = files.flatMap((file) => violationsOf(file));

describe('the sources', () => {
  it('are all read', () => {
    const listed = execFileSync(
      'git',
      ['ls-files', '--cached', '--others', '--exclude-standard', '--', 'packages', 'apps'],
      { cwd: root, encoding: 'utf8' },
    )
      .split('\n')
      .filter(
        (path) =>
          /^[^/]+\/[^/]+\/src\/.*\.[cm]?[jt]sx?$/.test(path) && existsSync(join(root, path)),
      );
    expect(files.map(({ path }) => path).toSorted()).toEqual(listed.toSorted());
    expect(files.length).toBeGreaterThanOrEqual(folders.length);
    console.log(`boundaries: ${files.length} files of ${folders.length} packages read`);
  });

  it('import each other in one direction, through the public entry [holds house.one_direction]', () => {
    expect(found.filter((violation) => violation.includes('import'))).toEqual([]);
  });

  it('keep to their rooms [holds house.own_rooms]', () => {
    expect(found).toEqual([]);
  });
});

describe('the table of imports', () => {
  it('knows every package', () => {
    expect(Object.keys(mayImport)).toEqual(
      expect.arrayContaining(folders.map((folder) => folderOf(folder))),
    );
  });

  it('has no cycle', () => {
    const done = new Set<string>();
    const visit = (name: string, above: readonly string[]): void => {
      expect(above).not.toContain(name);
      if (done.has(name)) return;
      for (const next of mayImport[name] ?? []) visit(next, [...above, name]);
      done.add(name);
    };
    for (const name of Object.keys(mayImport)) visit(name, []);
  });

  it.each(folders)('agrees with the package.json of %s', (folder) => {
    const { name, dependencies = {} } = manifestOf(folder);
    expect(name).toBe(`@kheish/${folderOf(folder)}`);
    const workspace = Object.keys(dependencies).filter((dependency) =>
      dependency.startsWith('@kheish/'),
    );
    const allowed = (mayImport[folderOf(folder)] ?? []).map((target) => `@kheish/${target}`);
    expect(allowed).toEqual(expect.arrayContaining(workspace));
  });
});

/** Checks one synthetic file of a package that declares whatever it imports. */
function check(path: string, code: string, dependencies?: readonly string[]): string[] {
  const declared =
    dependencies ?? [...code.matchAll(/'([^'.][^']*)'/g)].map((match) => match[1] ?? '');
  return violationsOf({ path, code, dependencies: new Set(declared) });
}

const engine = 'packages/run-engine/src/x.ts';
const store = 'packages/state-store/src/x.ts';
const model = 'packages/core-model/src/x.ts';

const trespasses: readonly (readonly [word: string, path: string, code: string])[] = [
  ['SQL', engine, "import Database from 'better-sqlite3';"],
  ['SQL', engine, "import { sql } from 'drizzle-orm/sqlite-core';"],
  ['encryption', engine, "import sodium from 'libsodium-wrappers';"],
  ['encryption', store, "import { createCipheriv } from 'node:crypto';"],
  ['encryption', store, "import { sign } from 'crypto';"],
  ['encryption', store, "import * as crypto from 'node:crypto';"],
  ['encryption', engine, 'await crypto.subtle.digest(a, b);'],
  ['network', engine, "import { request } from 'undici';"],
  ['network', engine, "await fetch('x');"],
  ['network', engine, "await globalThis.fetch('x');"],
  ['network', engine, 'const { fetch } = globalThis;'],
  ['network', 'packages/http-api/src/x.ts', "import { request } from 'node:http';"],
  ['network', 'apps/cli/src/x.ts', "await fetch('x');"],
  ['child processes', engine, "import { spawn } from 'node:child_process';"],
  ['environment', engine, 'const key = process.env.KEY;'],
  ['environment', engine, "const key = process['env']['KEY'];"],
  ['environment', engine, 'const { env } = process;'],
  ['environment', engine, "import { env } from 'node:process';"],
  ['clock', engine, 'const at = Date.now();'],
  ['clock', engine, 'const at = new Date();'],
  ['clock', engine, 'const now = performance.now;'],
  ['environment', engine, "import process from 'node:process'; process.env;"],
  ['timers', engine, 'setTimeout(f, 1);'],
  ['timers', engine, 'setInterval(f, 1);'],
  ['timers', engine, 'setImmediate(f);'],
  ['timers', engine, 'const signal = AbortSignal.timeout(1);'],
  ['timers', engine, "import { setTimeout as sleep } from 'node:timers/promises';"],
  ['randomness', engine, 'Math.random();'],
  ['randomness', engine, "import { randomBytes } from 'node:crypto';"],
  ['randomness', engine, 'crypto.getRandomValues(bytes);'],
  ['randomness', engine, 'const id = crypto.randomUUID();'],
  ['no Node', model, "import { join } from 'node:path';"],
  ['no Node', model, "Buffer.from('x');"],
  ['no Node', 'packages/client-sdk/src/x.ts', "import { join } from 'path';"],
];

describe('the check', () => {
  it.each([
    [engine, "import { x } from '@kheish/http-api';", 'may not import @kheish/http-api'],
    [engine, "import type { X } from '@kheish/http-api';", 'may not import @kheish/http-api'],
    [engine, "export { x } from '@kheish/http-api';", 'may not import @kheish/http-api'],
    [engine, "export * from '@kheish/http-api';", 'may not import @kheish/http-api'],
    [engine, "await import('@kheish/http-api');", 'may not import @kheish/http-api'],
    [engine, "type X = import('@kheish/http-api').X;", 'may not import @kheish/http-api'],
    [engine, "import { x } from '@kheish/testkit';", 'may not import @kheish/testkit'],
    [engine, "import { x } from '../../state-store/src/y.ts';", 'outside its package'],
    [engine, "import { x } from './testing/y.ts';", 'made for tests'],
    [engine, 'await import(name);', 'computed module'],
  ])('in %s catches %s', (path, code, violation) => {
    expect(check(path, code).join('\n')).toContain(violation);
  });

  it('catches an import past the public entry', () => {
    const code = "import { x } from '@kheish/core-model/src/ids.ts';";
    expect(check(engine, code, ['@kheish/core-model']).join('\n')).toContain(
      'past the public entry',
    );
  });

  it('catches an undeclared import', () => {
    expect(check(engine, "import 'left-pad';", []).join('\n')).toContain('does not declare');
  });

  it.each(trespasses)('catches %s in %s: %s', (word, path, code) => {
    expect(check(path, code).join('\n')).toContain(word);
  });

  it('is tested for every rule of the table', () => {
    const caught = trespasses.flatMap(([, path, code]) => check(path, code)).join('\n');
    expect(rooms.filter(({ rule }) => !caught.includes(rule))).toEqual([]);
  });

  it.each([
    [store, "import Database from 'better-sqlite3';"],
    [store, "import { createHash } from 'node:crypto';"],
    [store, 'setImmediate(flush);'],
    ['packages/auth-store/src/x.ts', "import { sign, timingSafeEqual } from 'node:crypto';"],
    ['packages/http-api/src/x.ts', "import { timingSafeEqual } from 'node:crypto';"],
    ['packages/http-api/src/x.ts', "import { createServer } from 'node:http';"],
    ['packages/client-sdk/src/x.ts', "await fetch('x');"],
    ['packages/egress/src/x.ts', "import { Agent } from 'undici';"],
    ['apps/daemon/src/x.ts', 'export const now = () => Date.now() + Math.random();'],
    [engine, "import type { IncomingMessage } from 'node:http';"],
    [engine, 'const at = new Date(0); const text = { fetch: 1 }.fetch; egress.fetch(text);'],
    [engine, 'export const f = (fetch: Fetch) => fetch(1);'],
    [engine, "// Date.now() and process.env\nconst text = 'fetch(Math.random())';"],
    [engine, 'interface X { fetch: typeof fetch; setTimeout(): void }'],
    ['packages/run-engine/src/x.test.ts', "import { x } from '@kheish/testkit'; setTimeout(x, 1);"],
    ['packages/run-engine/src/testing/x.ts', "import './y.ts'; Date.now();"],
  ])('in %s lets %s pass', (path, code) => {
    expect(check(path, code)).toEqual([]);
  });
});
