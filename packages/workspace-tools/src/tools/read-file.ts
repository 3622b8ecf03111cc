import { KheishError, type Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { BoundedText, cutNote } from '../text/bounded-text.ts';
import { CHUNK_BYTES, type TextEnd, type TextLine, readLines } from '../text/read-lines.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import { fileProblem, unreadable } from '../workspace/file-problem.ts';
import type { OpenFile } from '../workspace/open-file.ts';
import { type Workspace, printable } from '../workspace/workspace.ts';
import { type WorkspaceToolOptions, defineReadingTool } from './define-tool.ts';
import {
  Path,
  PositiveInteger,
  inputObject,
  pathField,
  positiveIntegerField,
} from './input-fields.ts';

const Input = v.strictObject({
  path: Path,
  offset: v.optional(PositiveInteger),
  limit: v.optional(PositiveInteger),
});
type Input = v.InferOutput<typeof Input>;

export function readFileTool(options: WorkspaceToolOptions): Tool<Input> {
  const { limits } = options;
  return defineReadingTool(options, {
    name: 'read_file',
    description:
      'Reads a text file of the workspace and returns its text as it is. ' +
      `At most ${limits.maxLines} lines are returned; use offset and limit to read on. ` +
      'Remarks that are not part of the file stand in [brackets] after it.',
    inputSchema: inputObject(
      {
        path: pathField('The file, relative to the workspace.'),
        offset: positiveIntegerField('The first line to return, counted from 1. Default 1.'),
        limit: positiveIntegerField(
          `How many lines to return. Default and maximum ${limits.maxLines}.`,
        ),
      },
      ['path'],
    ),
    input: Input,
    run: (workspace, input, signal) => readFile(workspace, input, limits, signal),
  });
}

async function readFile(
  workspace: Workspace,
  input: Input,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<string> {
  const path = printable(input.path);
  const { pinned } = await workspace.find(input.path);
  using file = pinned;
  if (file.stats.isDirectory()) throw unreadable(path, 'is a directory; use list_files');
  if (!file.stats.isFile()) throw unreadable(path, 'is not a regular file');
  try {
    using open = file.openForReading();
    const excerpt = await readExcerpt(open, Number(file.stats.size), input, limits, signal);
    if (excerpt.end === 'binary') return `[${path} is a binary file of ${file.stats.size} bytes.]`;
    return describe(excerpt, input.offset ?? 1, limits);
  } catch (thrown) {
    signal.throwIfAborted();
    throw fileProblem(path, thrown);
  }
}

interface Excerpt {
  readonly text: BoundedText;
  /** The last line looked at, counted from 1. */
  readonly lastLine: number;
  /** Where reading ended; undefined where a line that did not belong to the answer stopped it. */
  readonly end: TextEnd | undefined;
  readonly replaced: boolean;
}

async function readExcerpt(
  file: OpenFile,
  size: number,
  input: Input,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<Excerpt> {
  const text = new BoundedText(limits.maxOutputBytes);
  const first = input.offset ?? 1;
  const last = first + Math.min(input.limit ?? limits.maxLines, limits.maxLines) - 1;
  const maxLineChars = Math.min(limits.maxLineChars, text.roomForOne);
  const bounds = { maxBytes: limits.maxFileBytes, maxLineChars, chunkBytes: CHUNK_BYTES };
  const lines = readLines(file, size, bounds, signal);
  let number = 0;
  let replaced = false;
  try {
    for (;;) {
      const batch = await lines.next();
      if (batch.done === true) return { text, lastLine: number, end: batch.value, replaced };
      for (const line of batch.value) {
        if (number + 1 >= first) {
          if (number === last || !text.add(shown(line))) {
            return { text, lastLine: number, end: undefined, replaced };
          }
          replaced ||= line.text.includes('\ufffd');
        }
        number += 1;
      }
    }
  } finally {
    await lines.return('end');
  }
}

function shown(line: TextLine): string {
  return line.text + cutNote(line.omitted) + (line.ended ? '\n' : '');
}

function describe(excerpt: Excerpt, offset: number, limits: WorkspaceLimits): string {
  const { text, lastLine, end } = excerpt;
  const beyond = `Only the first ${limits.maxFileBytes} bytes of a file are read`;
  if (text.isEmpty && lastLine === 0 && offset === 1) return '[The file is empty.]';
  if (lastLine < offset) {
    const reason = end === 'limit' ? `${beyond}, which are` : 'the file has';
    throw new KheishError('tools/invalid_input', `offset: ${reason} ${lastLine} lines`);
  }
  if (end === undefined) {
    text.note(`Cut after line ${lastLine}. Read on with offset ${lastLine + 1}.`);
  }
  if (end === 'limit') text.note(`${beyond}; the rest of this one cannot be shown.`);
  if (excerpt.replaced) {
    text.note('Characters shown as \ufffd may stand for bytes that are not valid text.');
  }
  return text.toString();
}
