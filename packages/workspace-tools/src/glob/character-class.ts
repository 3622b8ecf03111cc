import { KheishError } from '@kheish/core-model';

/** The index of the bracket that closes the class opened at `open`. */
export function classEnd(pattern: string, open: number): number {
  let at = open + 1;
  if (pattern[at] === '!' || pattern[at] === '^') at += 1;
  // A bracket in first place is a member.
  if (pattern[at] === ']') at += 1;
  for (; at < pattern.length; at += 1) {
    if (pattern[at] === '\\') at += 1;
    else if (pattern[at] === ']') return at;
  }
  throw new KheishError('tools/invalid_input', 'pattern: a [ is not closed');
}

/** The inside of a glob class as an RE2 class. A class never matches `/`. */
export function translateClass(inside: string): string {
  const negated = /^[!^]/.test(inside);
  const members = membersOf(negated ? inside.slice(1) : inside);
  const ranges = members.flatMap(({ low, high }) => withoutSlash(low, high));
  if (negated) return `[^/${ranges.join('')}]`;
  // Nothing but a slash: it can match nothing, which RE2 writes as an empty class.
  return ranges.length === 0 ? String.raw`[^\x00-\x{10FFFF}]` : `[${ranges.join('')}]`;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

function membersOf(inside: string): Range[] {
  const points = Array.from(inside);
  const members: Range[] = [];
  let at = 0;
  const take = (): number => {
    if (points[at] === '\\' && at + 1 < points.length) at += 1;
    const value = points[at]?.codePointAt(0);
    if (value === undefined) throw new Error('a class ends inside a member');
    at += 1;
    return value;
  };
  while (at < points.length) {
    const low = take();
    if (points[at] !== '-' || at + 1 >= points.length) {
      members.push({ low, high: low });
      continue;
    }
    at += 1;
    const high = take();
    if (high < low) {
      const detail = `pattern: [${inside}] has a range that runs backwards`;
      throw new KheishError('tools/invalid_input', detail);
    }
    members.push({ low, high });
  }
  return members;
}

const SLASH = 0x2f;

function withoutSlash(low: number, high: number): string[] {
  if (low > SLASH || high < SLASH) return [range(low, high)];
  const parts: string[] = [];
  if (low < SLASH) parts.push(range(low, SLASH - 1));
  if (high > SLASH) parts.push(range(SLASH + 1, high));
  return parts;
}

function range(low: number, high: number): string {
  return low === high ? point(low) : `${point(low)}-${point(high)}`;
}

function point(value: number): string {
  return `\\x{${value.toString(16)}}`;
}
