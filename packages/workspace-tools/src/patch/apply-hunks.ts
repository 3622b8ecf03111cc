import { KheishError } from '@kheish/core-model';
import { endsLinesWithCrLf, withCrLf, withLf } from '../text/file-text.ts';
import type { Hunk } from './file-patch.ts';
import { LineIndex, forAnchors, forLines } from './line-index.ts';

const MAX_PLACES_TOLD = 20;

/**
 * The text after the hunks, which stand in the order of the file. Each must have one place: what stands after its
 * anchors, or at the line it names, or else the only place where its lines stand after the hunk before it. Lines of
 * context keep the file's own white space and line ends. Throws `tools/invalid_input`; `path` is for the message.
 */
export function applyHunks(path: string, text: string, hunks: readonly Hunk[]): string {
  const hasCrLf = endsLinesWithCrLf(text);
  const lines = (hasCrLf ? withLf(text) : text).split('\n');
  const index = new LineIndex(lines);
  const result: string[] = [];
  let next = 0;
  for (const hunk of hunks) {
    const place = placeOf(hunk, lines, index, next, path);
    for (; next < place; next += 1) result.push(lines[next] ?? '');
    for (const { mark, text: said } of hunk.body) {
      if (mark === '+') {
        result.push(said);
        continue;
      }
      if (mark === ' ') result.push(lines[next] ?? '');
      next += 1;
    }
  }
  const patched = result.concat(lines.slice(next)).join('\n');
  return hasCrLf ? withCrLf(patched) : patched;
}

/** The index of the first line that the hunk is about. */
function placeOf(
  hunk: Hunk,
  lines: readonly string[],
  index: LineIndex,
  from: number,
  path: string,
): number {
  const problem = (detail: string) =>
    new KheishError(
      'tools/invalid_input',
      `${path}: hunk at patch line ${hunk.patchLine}: ${detail}`,
    );
  const old = hunk.body.filter(({ mark }) => mark !== '+').map(({ text }) => text);
  const last = lines.at(-1) === '' ? lines.length - 1 : lines.length;
  const start = afterAnchors(hunk, index, from, problem);
  if (old.length === 0) return insertionPlace(hunk, start, last, problem);
  const found = index.find(old, start, MAX_PLACES_TOLD + 1, forLines);
  if (hunk.end !== undefined) {
    const ends = hunk.end === 'file' ? [lines.length] : [last, lines.length];
    const atEnd = index
      .find(old, Math.max(start, lines.length - old.length - 1), 2, forLines)
      .find((place) => ends.includes(place + old.length));
    if (atEnd === undefined) throw problem('its lines do not stand at the end of the file');
    return atEnd;
  }
  const [first, second] = found;
  if (first === undefined) {
    throw problem(`its lines do not stand in the file${start === 0 ? '' : ` after line ${start}`}`);
  }
  if (second === undefined || hunk.anchors.length > 0) return first;
  const named = (hunk.line ?? 0) - 1;
  if (index.find(old, named, 1, forLines)[0] === named && named >= start) return named;
  const told = found.slice(0, MAX_PLACES_TOLD).map((place) => place + 1);
  const more = found.length > MAX_PLACES_TOLD ? ', ...' : '';
  throw problem(
    `its lines stand in the file more than once, at lines ${told.join(', ')}${more}; ` +
      'add lines of context, or @@ with a line above',
  );
}

/** The first line at which the hunk may begin. The outermost anchor must be clear, the others come after it. */
function afterAnchors(
  hunk: Hunk,
  index: LineIndex,
  from: number,
  problem: (detail: string) => KheishError,
): number {
  let start = from;
  for (const [depth, anchor] of hunk.anchors.entries()) {
    const [first, second] = index.find([anchor], start, 2, forAnchors);
    if (first === undefined) throw problem(`no line of the file is: ${anchor}`);
    if (second !== undefined && depth === 0) {
      throw problem(`more than one line of the file is: ${anchor}`);
    }
    start = first + (depth < hunk.anchors.length - 1 ? 1 : 0);
  }
  return start;
}

/** Lines that are only added come after the anchors, or else at the end. */
function insertionPlace(
  hunk: Hunk,
  start: number,
  last: number,
  problem: (detail: string) => KheishError,
): number {
  if (hunk.anchors.length > 0) return start + 1;
  if (hunk.line !== undefined && last > 0) {
    throw problem('it has no line of context, so that its place cannot be checked');
  }
  return Math.max(start, last);
}
