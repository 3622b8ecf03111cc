import { parse } from 'smol-toml';

/** Both count from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

function parsed(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function has(value: unknown, path: readonly string[]): boolean {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return false;
    at = (at as Record<string, unknown>)[key];
  }
  return true;
}

/**
 * Where the statement begins that brings `path` into a valid document, or else the nearest table around it.
 * The TOML parser keeps no positions, so this reads ever longer heads of the text: a head that does not parse
 * ends inside a statement.
 */
export function positionOf(text: string, path: readonly string[]): Position {
  if (path.length === 0) return { line: 1, column: 1 };
  const lines = text.split('\n');
  let begin = 0;
  for (let end = 1; end <= lines.length; end += 1) {
    const head = parsed(lines.slice(0, end).join('\n'));
    if (head === undefined) continue;
    if (has(head, path)) {
      return { line: begin + 1, column: (lines[begin] ?? '').search(/\S|$/) + 1 };
    }
    begin = end;
  }
  return positionOf(text, path.slice(0, -1));
}
