import { KheishError, type Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { editText } from '../editing/exact-edit.ts';
import { expectDigest } from '../editing/expect-digest.ts';
import type { FileChange } from '../editing/file-change.ts';
import type { NamedFile } from '../editing/named-file.ts';
import { standingOf, standingText } from '../editing/standing-text.ts';
import { encodeText } from '../text/file-text.ts';
import { type EditingToolOptions, defineEditingTool } from './define-editing-tool.ts';
import {
  Flag,
  NonEmptyText,
  Path,
  Sha256,
  Text,
  flagField,
  inputObject,
  pathField,
  sha256Field,
  textField,
} from './input-fields.ts';

const Input = v.strictObject({
  path: Path,
  old_text: NonEmptyText,
  new_text: Text,
  replace_all: v.optional(Flag),
  expected_sha256: v.optional(Sha256),
});
type Input = v.InferOutput<typeof Input>;

export function editFileTool(options: EditingToolOptions): Tool<Input> {
  return defineEditingTool(options, {
    name: 'edit_file',
    description:
      'Replaces a text in a file of the workspace. old_text must match exactly, with its white space, ' +
      'and occur once, unless replace_all is set.',
    inputSchema: inputObject(
      {
        path: pathField('The file, relative to the workspace.'),
        old_text: textField('The text to replace, as it stands in the file.', 1),
        new_text: textField('The text to put in its place.'),
        replace_all: flagField('Replace every occurrence. Default false.'),
        expected_sha256: sha256Field(),
      },
      ['path', 'old_text', 'new_text'],
    ),
    input: Input,
    paths: ({ path }) => [path],
    plan: (input, files) => files.map((file) => edit(file, input, options.limits.maxFileBytes)),
  });
}

function edit(file: NamedFile, input: Input, maxBytes: number): FileChange {
  const standing = standingOf(file);
  expectDigest(file, input.expected_sha256);
  const old = standingText(file);
  const { text, note } = editText(old.text, input, maxBytes);
  const content = encodeText({ ...old, text });
  if (content.length > maxBytes) {
    throw new KheishError('tools/invalid_input', `the file would have more than ${maxBytes} bytes`);
  }
  return { kind: 'write', file, content, like: standing, note };
}
