import { KheishError } from '@kheish/core-model';
import { classEnd } from './character-class.ts';

const MAX_ALTERNATIVES = 64;

/** `a{b,c}d` becomes `abd` and `acd`; braces nest. A backslash or a character class shields them. */
export function expandBraces(pattern: string): string[] {
  const open = indexOutsideShields(pattern, 0, '{');
  if (open < 0) return [pattern];
  const { parts, close } = alternatives(pattern, open);
  const head = pattern.slice(0, open);
  const tails = expandBraces(pattern.slice(close + 1));
  const expanded: string[] = [];
  for (const middle of parts.flatMap((part) => expandBraces(part))) {
    for (const tail of tails) {
      expanded.push(head + middle + tail);
      if (expanded.length > MAX_ALTERNATIVES) {
        throw invalidGlob(`braces stand for more than ${MAX_ALTERNATIVES} alternatives`);
      }
    }
  }
  return expanded;
}

export function invalidGlob(reason: string): KheishError {
  return new KheishError('tools/invalid_input', `pattern: ${reason}`);
}

function alternatives(pattern: string, open: number): { parts: string[]; close: number } {
  const parts: string[] = [];
  let depth = 1;
  let from = open + 1;
  for (let at = from; ;) {
    const next = indexOutsideShields(pattern, at, '{},');
    if (next < 0) throw invalidGlob('a brace is not closed');
    at = next + 1;
    const mark = pattern[next];
    if (mark === '{') depth += 1;
    if (mark === '}') depth -= 1;
    const ends = depth === 0;
    if (!ends && !(depth === 1 && mark === ',')) continue;
    parts.push(pattern.slice(from, next));
    from = at;
    if (ends) return { parts, close: next };
  }
}

function indexOutsideShields(pattern: string, from: number, marks: string): number {
  for (let at = from; at < pattern.length; at += 1) {
    const character = pattern.charAt(at);
    if (marks.includes(character)) return at;
    if (character === '\\') at += 1;
    if (character === '[') at = classEnd(pattern, at);
  }
  return -1;
}
