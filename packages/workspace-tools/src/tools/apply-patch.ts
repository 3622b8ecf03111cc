import { KheishError, type Tool } from '@kheish/core-model';
import * as v from 'valibot';
import type { FileChange } from '../editing/file-change.ts';
import type { NamedFile } from '../editing/named-file.ts';
import { standingOf, standingText } from '../editing/standing-text.ts';
import { applyHunks } from '../patch/apply-hunks.ts';
import type { FilePatch, Hunk } from '../patch/file-patch.ts';
import { parsePatch } from '../patch/parse-patch.ts';
import { encodeText } from '../text/file-text.ts';
import { unwritable } from '../workspace/file-problem.ts';
import { type EditingToolOptions, defineEditingTool } from './define-editing-tool.ts';
import { NonEmptyText, inputObject, textField } from './input-fields.ts';

/** Each holds a few descriptors from the first look to the last step. */
const MAX_FILES = 100;

const Input = v.strictObject({ patch: NonEmptyText });
type Input = v.InferOutput<typeof Input>;

export function applyPatchTool(options: EditingToolOptions): Tool<Input> {
  const { maxContentBytes, maxFileBytes } = options.limits;
  const parse = ({ patch }: Input): FilePatch[] => {
    if (Buffer.byteLength(patch) > maxContentBytes)
      throw invalid(`more than ${maxContentBytes} bytes`);
    const files = parsePatch(patch);
    if (files.length > MAX_FILES) throw invalid(`more than ${MAX_FILES} files`);
    return files;
  };
  return defineEditingTool(options, {
    name: 'apply_patch',
    description: DESCRIPTION,
    inputSchema: inputObject({ patch: textField('The whole patch.', 1) }, ['patch']),
    input: Input,
    paths: (input) => parse(input).flatMap(pathsOf),
    plan: (input, files) => {
      const left = files.values();
      const take = (): NamedFile => {
        const next = left.next();
        if (next.done === true) throw new Error('fewer files than paths');
        return next.value;
      };
      return parse(input).flatMap((patch) => planFile(patch, take, maxFileBytes));
    },
  });
}

const DESCRIPTION = `Changes files of the workspace by a patch. All of it is checked before anything is changed. The form:
*** Begin Patch
*** Add File: new.txt
+a line
*** Update File: old.txt
*** Move to: renamed.txt
@@ a line above the change, where its lines stand in the file more than once
 a line of context
-a line to remove
+a line to put there
*** Delete File: other.txt
*** End Patch
Paths are relative to the workspace; Move to may be left out. Give about 3 lines of context before and after a change.
*** End of File after the lines of a hunk says that they end the file. Unified diffs are understood too.`;

function pathsOf(patch: FilePatch): string[] {
  if (patch.kind !== 'update' || patch.moveTo === undefined) return [patch.path];
  return [patch.path, patch.moveTo];
}

/** Takes as many files as the patch has paths. */
function planFile(patch: FilePatch, take: () => NamedFile, maxBytes: number): FileChange[] {
  const file = take();
  if (patch.kind === 'add') {
    const content = Buffer.from(patch.text);
    return [{ kind: 'write', file: absent(file), content, like: undefined }];
  }
  const standing = standingOf(file);
  if (patch.kind === 'delete') {
    const rest = patch.hunks === undefined ? '' : patched(file, patch.hunks).toString();
    if (rest !== '') throw invalid(`${file.path} is to be deleted, but holds other lines too`);
    return [{ kind: 'delete', file: itself(file) }];
  }
  const content = patch.hunks.length === 0 ? standing.content : patched(file, patch.hunks);
  if (content.length > maxBytes) {
    throw invalid(`${file.path} would have more than ${maxBytes} bytes`);
  }
  if (patch.moveTo !== undefined) {
    return [
      { kind: 'write', file: absent(take()), content, like: standing },
      { kind: 'delete', file: itself(file) },
    ];
  }
  if (content.equals(standing.content)) throw invalid(`${file.path} would stay as it is`);
  return [{ kind: 'write', file, content, like: standing }];
}

function patched(file: NamedFile, hunks: readonly Hunk[]): Buffer {
  const old = standingText(file);
  return encodeText({ ...old, text: applyHunks(file.path, old.text, hunks) });
}

function absent(file: NamedFile): NamedFile {
  if (file.standing !== undefined) throw unwritable(file.path, 'is there already');
  return file;
}

/** What goes away must be the file: a link would go, or lead nowhere. */
function itself(file: NamedFile): NamedFile {
  if (file.isLink)
    throw unwritable(file.path, 'is a symbolic link; name the file that it leads to');
  return file;
}

function invalid(detail: string): KheishError {
  return new KheishError('tools/invalid_input', detail);
}
