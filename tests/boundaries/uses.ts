import { isBuiltin } from 'node:module';
import { parseSync } from 'oxc-parser';

/** One import, re-export or dynamic import. */
export interface ImportUse {
  readonly module: string;
  /** The names taken from it; `*` is all of them. */
  readonly names: readonly string[];
  /** Erased by the compiler. */
  readonly typeOnly: boolean;
}

/** What a source file takes from outside itself. */
export interface Uses {
  readonly imports: readonly ImportUse[];
  /** Globals as they are written, the leading `globalThis` aside: `fetch`, `process.env`, `new Date()`. */
  readonly globals: ReadonlySet<string>;
  /** Imports that nobody can check, because their module is computed. */
  readonly computedImports: number;
}

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

function literal(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Literal' && typeof value['value'] === 'string'
    ? value['value']
    : undefined;
}

function identifier(value: unknown): string | undefined {
  return isNode(value) && value.type === 'Identifier' ? (value['name'] as string) : undefined;
}

/** `a.b.c` and `a['b'].c` as `a.b.c`; undefined for anything that is not a plain chain of names. */
function path(value: unknown): string | undefined {
  if (!isNode(value)) return undefined;
  if (value.type === 'ChainExpression') return path(value['expression']);
  if (value.type === 'TSNonNullExpression') return path(value['expression']);
  if (value.type === 'MetaProperty') return 'import.meta';
  if (value.type !== 'MemberExpression') return identifier(value);
  const object = path(value['object']);
  const property =
    value['computed'] === true ? literal(value['property']) : identifier(value['property']);
  if (object === undefined || property === undefined) return undefined;
  return object === 'globalThis' ? property : `${object}.${property}`;
}

function keyName(property: Node): string | undefined {
  return identifier(property['key']) ?? literal(property['key']);
}

class Collector {
  readonly imports: ImportUse[] = [];
  readonly globals = new Set<string>();
  /** Taken out of a global by destructuring; the declaration that this makes hides nothing. */
  readonly destructured = new Set<string>();
  readonly declared = new Set<string>();
  computedImports = 0;

  visit(value: unknown): void {
    if (Array.isArray(value)) {
      for (const item of value) this.visit(item);
    } else if (isNode(value)) {
      this.#enter(value);
      for (const key of this.#childKeys(value)) this.visit(value[key]);
    }
  }

  /** Names that are no references - keys, properties, types - are not walked into. */
  #childKeys(node: Node): string[] {
    const keys = Object.keys(node).filter((key) => key !== 'type');
    if (node['computed'] === false) {
      if (node.type === 'MemberExpression') return keys.filter((key) => key !== 'property');
      if (node.type !== 'Property' || node['shorthand'] !== true)
        return keys.filter((key) => key !== 'key');
    }
    if (node.type === 'ImportDeclaration') return [];
    if (node.type === 'TSTypeReference' || node.type === 'TSTypeQuery') return ['typeArguments'];
    return keys;
  }

  #enter(node: Node): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportNamedDeclaration':
      case 'ExportAllDeclaration':
        this.#staticImport(node);
        break;
      case 'ImportExpression':
        this.#dynamicImport(node['source']);
        break;
      case 'TSImportType':
        this.#typeImport(node);
        break;
      case 'CallExpression':
        if (identifier(node['callee']) === 'require') {
          this.#dynamicImport((node['arguments'] as unknown[])[0]);
        }
        if (path(node['callee']) === 'Date') this.globals.add('Date()');
        break;
      case 'NewExpression':
        if (path(node['callee']) === 'Date' && (node['arguments'] as unknown[]).length === 0) {
          this.globals.add('new Date()');
        }
        break;
      case 'VariableDeclarator':
        this.#destructured(node);
        break;
      case 'MemberExpression':
      case 'Identifier':
        this.#reference(node);
        break;
      default:
    }
    this.#declarations(node);
  }

  #reference(node: Node): void {
    const name = path(node);
    if (name !== undefined) this.globals.add(name);
  }

  #destructured(node: Node): void {
    const from = path(node['init']);
    if (from === undefined || !isNode(node['id']) || node['id'].type !== 'ObjectPattern') return;
    for (const property of node['id']['properties'] as Node[]) {
      const key = keyName(property);
      if (key !== undefined) this.destructured.add(from === 'globalThis' ? key : `${from}.${key}`);
    }
  }

  #declarations(node: Node): void {
    for (const key of ['id', 'param', 'local', 'params']) this.#declare(node[key]);
  }

  #declare(pattern: unknown): void {
    if (Array.isArray(pattern)) {
      for (const item of pattern) this.#declare(item);
    } else if (isNode(pattern)) {
      const name = identifier(pattern);
      if (name !== undefined) this.declared.add(name);
      for (const key of ['left', 'argument', 'elements', 'properties', 'value', 'parameter']) {
        this.#declare(pattern[key]);
      }
    }
  }

  #staticImport(node: Node): void {
    const module = literal(node['source']);
    if (module === undefined) return;
    const wholeIsType = node['importKind'] === 'type' || node['exportKind'] === 'type';
    const specifiers = (node['specifiers'] as Node[] | undefined) ?? [];
    const values: string[] = [];
    const types: string[] = [];
    for (const specifier of specifiers) {
      const isType =
        wholeIsType || specifier['importKind'] === 'type' || specifier['exportKind'] === 'type';
      (isType ? types : values).push(this.#imported(specifier));
      // `process` of node:process is still the global; a name from elsewhere hides it.
      if (node.type === 'ImportDeclaration' && !isBuiltin(module))
        this.#declare(specifier['local']);
    }
    if (node.type === 'ExportAllDeclaration') (wholeIsType ? types : values).push('*');
    if (types.length > 0) this.imports.push({ module, names: types, typeOnly: true });
    if (values.length > 0 || types.length === 0) {
      this.imports.push({ module, names: values.length > 0 ? values : ['*'], typeOnly: false });
    }
  }

  #imported(specifier: Node): string {
    if (specifier.type === 'ImportSpecifier') {
      return identifier(specifier['imported']) ?? literal(specifier['imported']) ?? '*';
    }
    if (specifier.type === 'ExportSpecifier') {
      return identifier(specifier['local']) ?? literal(specifier['local']) ?? '*';
    }
    return '*';
  }

  #dynamicImport(source: unknown): void {
    const module = literal(source);
    if (module === undefined) this.computedImports += 1;
    else this.imports.push({ module, names: ['*'], typeOnly: false });
  }

  #typeImport(node: Node): void {
    const module =
      literal(node['source']) ?? literal((node['argument'] as Node | undefined)?.['literal']);
    if (module === undefined) this.computedImports += 1;
    else this.imports.push({ module, names: ['*'], typeOnly: true });
  }
}

/** Reads what a TypeScript file takes from outside itself. A file that does not parse is an error. */
export function usesOf(file: string, code: string): Uses {
  const { program, errors } = parseSync(file, code);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0]?.message}`);
  const collector = new Collector();
  collector.visit(program);
  const { imports, globals, destructured, declared, computedImports } = collector;
  const own = (name: string) => declared.has(/^(new )?(\w+)/.exec(name)?.[2] ?? name);
  return {
    imports,
    globals: new Set([...destructured, ...[...globals].filter((name) => !own(name))]),
    computedImports,
  };
}
