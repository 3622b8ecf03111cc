import { KheishError } from '@kheish/core-model';
import { RE2JS } from 're2js';

const MAX_PROGRAM = 1000;

export interface LineMatcher {
  matches(line: string): boolean;
  /** What matching one character may cost, relative to a plain text search. */
  readonly cost: number;
}

/** RE2 syntax, in time linear in the line. A pattern without any syntax is searched as plain text. */
export function lineMatcher(pattern: string): LineMatcher {
  if (!/[\\^$.*+?()[\]{}|]/.test(pattern)) {
    return { matches: (line) => line.includes(pattern), cost: 1 };
  }
  const compiled = compile(pattern);
  const cost = compiled.programSize();
  if (cost > MAX_PROGRAM) throw invalidPattern('it repeats too much; use smaller counts');
  return { matches: (line) => compiled.test(line), cost };
}

function compile(pattern: string): RE2JS {
  try {
    return RE2JS.compile(pattern);
  } catch (thrown) {
    throw invalidPattern(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function invalidPattern(reason: string): KheishError {
  return new KheishError('tools/invalid_input', `pattern: ${reason}`);
}
