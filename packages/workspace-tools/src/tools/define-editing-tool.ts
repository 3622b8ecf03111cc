import type { ActionBinding, JsonSchema, RandomSource, Tool } from '@kheish/core-model';
import type * as v from 'valibot';
import { carryOut } from '../editing/carry-out.ts';
import type { FileChange } from '../editing/file-change.ts';
import { type NamedFile, lookAtFiles } from '../editing/named-file.ts';
import type { PathLocks } from '../editing/path-locks.ts';
import { BoundedText } from '../text/bounded-text.ts';
import { fileChanged } from '../workspace/file-problem.ts';
import type { WorkspaceToolOptions } from './define-tool.ts';
import { digestTarget } from './digest-target.ts';
import { parseInput } from './parse-input.ts';

/** What a tool that changes files is made from. */
export interface EditingToolOptions extends WorkspaceToolOptions {
  readonly random: RandomSource;
  /** Shared by all tools that change this workspace. */
  readonly locks: PathLocks;
}

interface EditingTool<Input> {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: JsonSchema;
  readonly input: v.GenericSchema<unknown, Input>;
  /** The paths of all files that the call names. */
  paths(input: Input): readonly string[];
  /** Decides what to do, from the files in the order of their paths. Throws what stands against it. */
  plan(input: Input, files: readonly NamedFile[]): readonly FileChange[];
}

/**
 * A tool that changes files: looks at them, decides all of it, then does it. The files stay locked from the look to the
 * last step, against other calls; what other programs change meanwhile is noticed.
 */
export function defineEditingTool<Input>(
  options: EditingToolOptions,
  tool: EditingTool<Input>,
): Tool<Input> & Required<Pick<Tool<Input>, 'bind'>> {
  const { timeoutMs, maxOutputBytes, maxFileBytes, maxChangedBytes } = options.limits;
  const maxBytes = { ofOne: maxFileBytes, ofAll: maxChangedBytes };
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchema,
    effect: 'once',
    limits: { timeoutMs, maxOutputBytes },
    parse: (input) => parseInput(tool.input, input),
    auditTarget: (input) => digestTarget(tool.name, 'paths', tool.paths(input).join('\n')),
    bind: async (input) => {
      const workspace = options.openWorkspace();
      const files = await lookAtFiles(workspace, tool.paths(input), maxBytes);
      return {
        cwd: workspace.realRoot,
        files: files.map(({ place, standing }) =>
          standing === undefined ? { path: place } : { path: place, digest: standing.digest },
        ),
      };
    },
    run: async (input, { signal, approved }) => {
      signal.throwIfAborted();
      const workspace = options.openWorkspace();
      const paths = tool.paths(input);
      const places = await Promise.all(paths.map((path) => workspace.placeOf(path)));
      const lines = await options.locks.hold(places, async () => {
        const files = await lookAtFiles(workspace, paths, maxBytes, signal);
        const moved = files.find(({ place }) => !places.includes(place));
        if (moved !== undefined) throw fileChanged(moved.path, 'has come to mean another file');
        requireApproved(files, approved);
        return carryOut(workspace, tool.plan(input, files), options.random, signal);
      });
      return { content: told(lines, maxOutputBytes) };
    },
  };
}

/** Between the approval and this moment another call may have changed what it speaks of. */
function requireApproved(files: readonly NamedFile[], approved: ActionBinding | undefined): void {
  if (approved === undefined) return;
  const digests = new Map(approved.files.map(({ path, digest }) => [path, digest]));
  const other = files.find(({ place, standing }) => digests.get(place) !== standing?.digest);
  if (other !== undefined) throw fileChanged(other.path, 'has changed since it was approved');
}

function told(lines: readonly string[], maxOutputBytes: number): string {
  const text = new BoundedText(maxOutputBytes);
  const shown = lines.findIndex((line) => !text.add(`${line}\n`));
  if (shown >= 0) text.note(`And ${lines.length - shown} files more.`);
  return text.toString();
}
