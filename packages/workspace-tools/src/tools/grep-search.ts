import type { Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { FileSearch } from '../search/file-search.ts';
import { lineMatcher } from '../search/line-matcher.ts';
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

export function grepSearchTool(options: WorkspaceToolOptions): Tool<Input> {
  return defineReadingTool(options, {
    name: 'grep_search',
    description:
      'Searches text files line by line and returns `path:line: text` for each line that matches. ' +
      'The pattern is a regular expression in RE2 syntax (no look-around, no back-references); ' +
      '(?i) in front ignores case. Binary files, .git and node_modules are left out, ' +
      'and links are not followed.',
    inputSchema: inputObject(
      {
        pattern: patternField('The regular expression.'),
        path: pathField('The file or directory to search. Default: the whole workspace.'),
      },
      ['pattern'],
    ),
    input: Input,
    run: (workspace, input, signal) => grepSearch(workspace, input, options.limits, signal),
  });
}

async function grepSearch(
  workspace: Workspace,
  input: Input,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<string> {
  const matcher = lineMatcher(input.pattern);
  const start = await findStart(workspace, input.path ?? '.');
  const text = new BoundedText(limits.maxOutputBytes);
  const search = new FileSearch(workspace, matcher, limits, text);
  const gaps = noGaps();
  const places = start.isDirectory
    ? walk(workspace, start.place, limits, gaps, signal)
    : [start.place];
  for await (const place of places) {
    if (!(await search.search(place, signal))) break;
  }
  search.conclude();
  noteGaps(text, gaps, limits);
  return text.toString();
}

async function findStart(workspace: Workspace, path: string) {
  const { place, pinned } = await workspace.find(path);
  using found = pinned;
  const isDirectory = found.stats.isDirectory();
  if (!isDirectory && !found.stats.isFile()) {
    throw unreadable(printable(path), 'is not a regular file or directory');
  }
  return { place, isDirectory };
}
