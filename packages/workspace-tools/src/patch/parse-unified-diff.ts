import type { FilePatch, Hunk, HunkLine } from './file-patch.ts';
import type { PatchLines } from './patch-lines.ts';

const NOWHERE = '/dev/null';
const NO_LINE_FEED = '\\ No newline at end of file';
/** What git writes between files, and what is said again by the names and hunks after it. */
const PREAMBLE =
  /^(diff --git |index |new file mode 100644$|deleted file mode |(dis)?similarity index |rename (from|to) |$)/;

/** The line of the old file from a unified hunk header, which is taken; undefined where there is none. */
export function takeUnifiedHeader(lines: PatchLines): number | undefined {
  const header = /^@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@/.exec(lines.peek());
  if (header === null) return undefined;
  lines.take();
  return Number(header[1]);
}

/** The counts in hunk headers are not relied on: models miscount, and the lines say it all. */
export function parseUnifiedDiff(lines: PatchLines): FilePatch[] {
  const files: FilePatch[] = [];
  while (!lines.atEnd) {
    while (!lines.atEnd && PREAMBLE.test(lines.peek())) lines.take();
    if (!beginsFile(lines)) {
      throw lines.problem(
        'must be *** Begin Patch, or a part of a unified diff that can be applied',
      );
    }
    files.push(takeFile(lines));
  }
  return files;
}

function beginsFile(lines: PatchLines): boolean {
  return (
    lines.peek().startsWith('--- ') &&
    lines.peek(1).startsWith('+++ ') &&
    lines.peek(2).startsWith('@@ ')
  );
}

function takeFile(lines: PatchLines): FilePatch {
  const [from, to] = [takeName(lines), takeName(lines)];
  if (from === to && from === NOWHERE) throw lines.problem('names no file');
  const bare = [from, to].every((name) => name === NOWHERE || /^[ab]\//.test(name));
  const [path, moveTo] = [from, to].map((name) => (bare ? name.replace(/^[ab]\//, '') : name));
  const hunks: Hunk[] = [];
  while (lines.peek().startsWith('@@')) hunks.push(takeHunk(lines));
  if (path === undefined || moveTo === undefined) throw new Error('two names are two');
  if (from === NOWHERE) return { kind: 'add', path: moveTo, text: addedText(lines, hunks) };
  if (to === NOWHERE) return { kind: 'delete', path, hunks };
  return { kind: 'update', path, hunks, ...(path === moveTo ? {} : { moveTo }) };
}

function takeName(lines: PatchLines): string {
  const name = lines.take().slice(4).replace(/\t.*$/, '').trimEnd();
  if (name.startsWith('"')) throw lines.problem('a quoted file name cannot be read');
  return name;
}

function takeHunk(lines: PatchLines): Hunk {
  const patchLine = lines.number;
  const line = takeUnifiedHeader(lines);
  if (line === undefined) throw lines.problem('must be a hunk header: @@ -1,2 +1,2 @@');
  const ends = { old: false, new: false };
  const body: HunkLine[] = [];
  do {
    body.push(...lines.takeBody(() => beginsFile(lines)));
    const mark = body.at(-1)?.mark;
    if (mark === undefined) throw lines.problem('the hunk before it has no lines');
    if (lines.peek() !== NO_LINE_FEED) break;
    lines.take();
    ends.old ||= mark !== '+';
    ends.new ||= mark !== '-';
  } while (!ends.new);
  const hunk = { patchLine, anchors: [], line };
  if (!ends.old && !ends.new) return { ...hunk, body };
  // Of the two files the one that has a line feed at its end goes on with an empty line.
  if (!ends.old) body.push({ mark: '-', text: '' });
  if (!ends.new) body.push({ mark: '+', text: '' });
  return { ...hunk, body, end: 'file' };
}

function addedText(lines: PatchLines, hunks: readonly Hunk[]): string {
  const [hunk] = hunks;
  if (hunk === undefined || hunks.length > 1) throw lines.problem('a new file has one hunk');
  const added = hunk.body.filter(({ mark }) => mark === '+').map(({ text }) => text);
  // No file was there, so an old line can only be the end that the new one does not have.
  if (hunk.body.some(({ mark, text }) => mark === ' ' || (mark === '-' && text !== ''))) {
    throw lines.problem('a new file has only lines that begin with +');
  }
  return added.join('\n') + (hunk.end === 'file' ? '' : '\n');
}
