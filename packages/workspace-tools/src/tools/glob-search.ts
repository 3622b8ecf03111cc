import { relative, sep } from 'node:path';
import type { Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { parseGlob } from '../glob/glob.ts';
import { BoundedText } from '../text/bounded-text.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import { unreadable } from '../workspace/file-problem.ts';
import { noGaps, walk } from '../workspace/walk.ts';
import { type Workspace, printable } from '../workspace/workspace.ts';
import { type WorkspaceToolOptions, defineReadingTool } from './define-tool.ts';
import { Path, Pattern, inputObject, pathField, patternField } from './input-fields.ts';
import { noteGaps } from './note-gaps.ts';

const Input = v.strictObject({ pattern: Pattern, path: v.optional(Path) });
type Input = v.InferOutput<typeof Input>;

export function globSearchTool(options: WorkspaceToolOptions): Tool<Input> {
  return defineReadingTool(options, {
    name: 'glob_search',
    description:
      'Finds files by name: a path a line, relative to the workspace. In the pattern * and ? stand ' +
      'for characters of one name, [a-z] for one of a set, {a,b} for alternatives and ** for any ' +
      'number of directories: *.ts finds files of the directory itself, **/*.ts also those below. ' +
      'Links are not followed; .git and node_modules are not looked into.',
    inputSchema: inputObject(
      {
        pattern: patternField('The glob pattern, matched against paths below `path`.'),
        path: pathField('The directory to search, relative to the workspace. Default: all of it.'),
      },
      ['pattern'],
    ),
    input: Input,
    run: (workspace, input, signal) => globSearch(workspace, input, options.limits, signal),
  });
}

async function globSearch(
  workspace: Workspace,
  input: Input,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<string> {
  const glob = parseGlob(input.pattern);
  const start = await findDirectory(workspace, input.path ?? '.');
  const text = new BoundedText(limits.maxOutputBytes);
  const gaps = noGaps();
  const maxDepth = Math.min(glob.maxDepth ?? Infinity, limits.maxDepth);
  let count = 0;
  for await (const place of walk(workspace, start, { ...limits, maxDepth }, gaps, signal)) {
    if (!glob.matches(relative(start, place).split(sep).join('/'))) continue;
    if (!(await workspace.shows(place))) continue;
    if (count === limits.maxResults || !text.add(`${workspace.name(place)}\n`)) {
      text.note(`Cut after ${count} files. Narrow the pattern or the path.`);
      break;
    }
    count += 1;
  }
  if (text.isEmpty) text.note('No file matches.');
  // A pattern that names all its directories needs nothing deeper.
  noteGaps(text, { ...gaps, depth: gaps.depth && glob.maxDepth !== maxDepth }, limits);
  return text.toString();
}

async function findDirectory(workspace: Workspace, path: string): Promise<string> {
  const { place, pinned } = await workspace.find(path);
  using directory = pinned;
  if (!directory.stats.isDirectory()) throw unreadable(printable(path), 'is not a directory');
  return place;
}
