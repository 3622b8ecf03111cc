import { KheishError, type RandomSource } from '@kheish/core-model';
import { writeProblem } from '../workspace/file-problem.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { FileChange } from './file-change.ts';
import { type StagedChange, stageChange } from './stage-change.ts';

/**
 * Makes the changes, each in one step, in their order, and tells of each in a line. All contents are on the disk before
 * the first shows, so that a full disk changes nothing. Where a later step fails, the problem says which were made.
 */
export async function carryOut(
  workspace: Workspace,
  changes: readonly FileChange[],
  random: RandomSource,
  signal: AbortSignal,
): Promise<string[]> {
  await using undo = new AsyncDisposableStack();
  const staged: { readonly change: FileChange; readonly step: StagedChange }[] = [];
  for (const change of changes) {
    try {
      staged.push({ change, step: await stageChange(workspace, change, undo, random, signal) });
    } catch (thrown) {
      signal.throwIfAborted();
      throw writeProblem(change.file.path, thrown);
    }
  }
  signal.throwIfAborted();
  const done: string[] = [];
  for (const [index, { change, step }] of staged.entries()) {
    try {
      await step.commit();
      done.push(describe(change, step));
    } catch (thrown) {
      const rest = changes.slice(index + 1).map(({ file }) => file.path);
      throw interrupted(writeProblem(change.file.path, thrown), done, rest);
    }
  }
  return done;
}

function describe(change: FileChange, { digest }: StagedChange): string {
  const { path, standing } = change.file;
  if (change.kind === 'delete') return `Deleted ${path}.`;
  const what = standing === undefined ? 'Created' : 'Replaced';
  const note = change.note === undefined ? '' : ` ${change.note}`;
  return `${what} ${path}: ${change.content.length} bytes, ${digest}.${note}`;
}

function interrupted(problem: unknown, done: readonly string[], rest: readonly string[]): unknown {
  if (!(problem instanceof KheishError) || done.length + rest.length === 0) return problem;
  const before = done.length === 0 ? 'Nothing was changed before it.' : done.join(' ');
  const after = rest.length === 0 ? '' : ` Not changed: ${rest.join(', ')}.`;
  return new KheishError(problem.code, `${problem.message}. ${before}${after}`, { cause: problem });
}
