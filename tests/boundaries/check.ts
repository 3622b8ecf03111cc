import { isBuiltin } from 'node:module';
import { posix } from 'node:path';
import { mayImport, type ModuleUse, rooms } from './table.ts';
import { type ImportUse, usesOf } from './uses.ts';

/** A source file, and what its package.json lets it import. */
export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly code: string;
  readonly dependencies: ReadonlySet<string>;
}

const scope = '@kheish/';

/** Tests, and what a package keeps in `src/testing` for its own tests; neither is built. */
export function isTest(path: string): boolean {
  return path.endsWith('.test.ts') || isTestSupport(path);
}

function isTestSupport(path: string): boolean {
  return /^[^/]+\/[^/]+\/src\/testing\//.test(path);
}

/** `packages/egress/src/x.ts` is of `egress`. */
export function folderOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function withProtocol(module: string): string {
  return isBuiltin(module) && !module.startsWith('node:') ? `node:${module}` : module;
}

function packageOf(module: string): string {
  return module
    .split('/')
    .slice(0, module.startsWith('@') ? 2 : 1)
    .join('/');
}

function covers(uses: readonly ModuleUse[], module: string, name: string): boolean {
  return uses.some((use) => use.module.test(module) && (use.names?.test(name) ?? true));
}

/** A namespace import takes every name, also those that count. */
function touches(uses: readonly ModuleUse[], module: string, name: string): boolean {
  return name === '*' || name === 'default'
    ? uses.some((use) => use.module.test(module))
    : covers(uses, module, name);
}

function importViolation(file: SourceFile, { module }: ImportUse): string | undefined {
  const folder = folderOf(file.path);
  if (module.startsWith('.')) {
    const own = `${file.path.split('/').slice(0, 2).join('/')}/`;
    const target = posix.join(posix.dirname(file.path), module);
    if (!target.startsWith(own)) return `imports ${module}, outside its package`;
    return isTestSupport(target) && !isTest(file.path)
      ? `imports ${module}, made for tests`
      : undefined;
  }
  if (isBuiltin(module)) return undefined;
  const name = packageOf(module);
  if (!file.dependencies.has(name))
    return `imports ${name}, which its package.json does not declare`;
  if (!name.startsWith(scope)) return undefined;
  if (module !== name) return `imports ${module}, past the public entry of ${name}`;
  const target = name.slice(scope.length);
  if (isTest(file.path) && target === 'testkit') return undefined;
  return mayImport[folder]?.includes(target) ? undefined : `may not import ${name}`;
}

function roomViolations(file: SourceFile, uses: ReturnType<typeof usesOf>): string[] {
  const folder = folderOf(file.path);
  return rooms.flatMap((room) => {
    if (room.owners.includes(folder)) return [];
    const { modules = [], globals = [] } = room.exceptions?.[folder] ?? {};
    const found: string[] = [];
    for (const use of uses.imports) {
      const module = withProtocol(use.module);
      for (const name of use.typeOnly ? [] : use.names) {
        if (touches(room.modules ?? [], module, name) && !covers(modules, module, name)) {
          found.push(`${room.rule}: imports ${name} of ${module}`);
        }
      }
    }
    for (const name of room.globals ?? []) {
      if (uses.globals.has(name) && !globals.includes(name))
        found.push(`${room.rule}: uses ${name}`);
    }
    return found;
  });
}

/** Everything in a file that breaks a rule of the house, one sentence each. */
export function violationsOf(file: SourceFile): string[] {
  const uses = usesOf(file.path, file.code);
  const found = uses.imports.flatMap((use) => importViolation(file, use) ?? []);
  if (!isTest(file.path)) {
    found.push(...roomViolations(file, uses));
    if (uses.computedImports > 0) found.push('imports a computed module, which nobody can check');
  }
  return [...new Set(found)].map((violation) => `${file.path} ${violation}`);
}
