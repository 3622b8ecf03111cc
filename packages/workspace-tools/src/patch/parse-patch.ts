import type { FilePatch, Hunk } from './file-patch.ts';
import { parseUnifiedDiff, takeUnifiedHeader } from './parse-unified-diff.ts';
import { PatchLines } from './patch-lines.ts';

const BEGIN = '*** Begin Patch';
const END = '*** End Patch';

/** Reads a patch between `*** Begin Patch` and `*** End Patch`, or a unified diff. Throws `tools/invalid_input`. */
export function parsePatch(patch: string): FilePatch[] {
  const lines = new PatchLines(patch);
  const files = lines.peek().trim() === BEGIN ? parseMarked(lines) : parseUnifiedDiff(lines);
  if (files.length === 0) throw lines.problem('the patch names no file');
  return files;
}

function parseMarked(lines: PatchLines): FilePatch[] {
  lines.take();
  const files: FilePatch[] = [];
  for (lines.skipEmpty(); lines.peek().trim() !== END; lines.skipEmpty()) {
    if (lines.atEnd) throw lines.problem(`${END} is missing`);
    files.push(parseFile(lines));
  }
  lines.take();
  if (!lines.atEnd) throw lines.problem(`stands after ${END}`);
  return files;
}

function parseFile(lines: PatchLines): FilePatch {
  const added = lines.takePath('*** Add File:');
  if (added !== undefined) {
    const body = lines.takeBody(() => !lines.peek().startsWith('+'));
    return { kind: 'add', path: added, text: body.map(({ text }) => `${text}\n`).join('') };
  }
  const deleted = lines.takePath('*** Delete File:');
  if (deleted !== undefined) return { kind: 'delete', path: deleted };
  const updated = lines.takePath('*** Update File:');
  if (updated === undefined) {
    throw lines.problem(
      "must begin with '*** Add File: ', '*** Update File: ' or '*** Delete File: '; " +
        "the lines of a file begin with ' ', '-' or '+', and '@@' begins a hunk",
    );
  }
  const moveTo = lines.takePath('*** Move to:');
  const hunks: Hunk[] = [];
  for (;;) {
    const hunk = takeHunk(lines);
    if (hunk === undefined) break;
    hunks.push(hunk);
  }
  const update = { kind: 'update', path: updated, hunks } as const;
  if (moveTo !== undefined) return { ...update, moveTo };
  if (hunks.length === 0) throw lines.problem(`${updated} is to be updated, but there is no hunk`);
  return update;
}

/** A hunk after its `@@`, which only the first of a file may leave out. Undefined where there is none. */
function takeHunk(lines: PatchLines): Hunk | undefined {
  const patchLine = lines.number;
  const anchors: string[] = [];
  let line: number | undefined;
  while (lines.peek().startsWith('@@')) {
    line = takeUnifiedHeader(lines);
    if (line !== undefined) break;
    const anchor = lines.take().slice(2).replace(/^ /, '');
    if (anchor.trim() !== '') anchors.push(anchor);
  }
  const body = lines.takeBody(() => false);
  const atEnd = lines.peek().trim() === '*** End of File';
  if (atEnd) lines.take();
  if (body.length === 0) {
    if (lines.number > patchLine) throw lines.problem('the hunk before it has no lines');
    return undefined;
  }
  return {
    patchLine,
    anchors,
    body,
    ...(line === undefined ? {} : { line }),
    ...(atEnd ? { end: 'lines' } : {}),
  };
}
