import type { Dirent } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { BoundedText } from '../text/bounded-text.ts';
import type { WorkspaceLimits } from '../workspace-limits.ts';
import { fileProblem, unreadable } from '../workspace/file-problem.ts';
import { type Listing, listDirectory } from '../workspace/walk.ts';
import { type Workspace, isNotFound, printable } from '../workspace/workspace.ts';
import { type WorkspaceToolOptions, defineReadingTool } from './define-tool.ts';
import { Path, inputObject, pathField } from './input-fields.ts';

const Input = v.strictObject({ path: v.optional(Path) });
type Input = v.InferOutput<typeof Input>;

export function listFilesTool(options: WorkspaceToolOptions): Tool<Input> {
  return defineReadingTool(options, {
    name: 'list_files',
    description:
      'Lists one directory of the workspace: a path a line, relative to the workspace; ' +
      'directories end with a slash. Use glob_search to look into subdirectories.',
    inputSchema: inputObject(
      { path: pathField('The directory, relative to the workspace. Default: the workspace.') },
      [],
    ),
    input: Input,
    run: (workspace, input, signal) =>
      listFiles(workspace, input.path ?? '.', options.limits, signal),
  });
}

async function listFiles(
  workspace: Workspace,
  path: string,
  limits: WorkspaceLimits,
  signal: AbortSignal,
): Promise<string> {
  const { place, listing } = await readDirectory(workspace, path, limits.maxEntries, signal);
  const text = new BoundedText(limits.maxOutputBytes);
  let count = 0;
  for (const entry of listing.entries) {
    signal.throwIfAborted();
    const line = await describeEntry(workspace, place, entry);
    if (line === undefined) continue;
    if (count === limits.maxResults || !text.add(line)) {
      text.note(`Cut after ${count} entries. Use glob_search to find the others.`);
      break;
    }
    count += 1;
  }
  if (listing.cut) text.note(`Only ${limits.maxEntries} entries of the directory were looked at.`);
  if (text.isEmpty && !listing.cut) text.note('The directory is empty.');
  return text.toString();
}

async function readDirectory(
  workspace: Workspace,
  path: string,
  maxEntries: number,
  signal: AbortSignal,
): Promise<{ place: string; listing: Listing }> {
  const { place, pinned } = await workspace.find(path);
  using directory = pinned;
  if (!directory.stats.isDirectory()) {
    throw unreadable(printable(path), 'is not a directory; use read_file');
  }
  try {
    return { place, listing: await listDirectory(directory, maxEntries, signal) };
  } catch (thrown) {
    signal.throwIfAborted();
    throw isNotFound(thrown)
      ? unreadable(path, 'changed while it was listed')
      : fileProblem(path, thrown);
  }
}

/** Undefined for what must not be seen, and for links that cannot be followed. */
async function describeEntry(
  workspace: Workspace,
  directory: string,
  entry: Dirent,
): Promise<string | undefined> {
  const place = join(directory, entry.name);
  if (!(await workspace.shows(place))) return undefined;
  if (entry.isDirectory()) return `${workspace.name(place)}/\n`;
  if (!entry.isSymbolicLink()) return `${workspace.name(place)}\n`;
  const target = await workspace.follow(place);
  return target === undefined
    ? undefined
    : `${workspace.name(place)} -> ${workspace.name(target)}\n`;
}
