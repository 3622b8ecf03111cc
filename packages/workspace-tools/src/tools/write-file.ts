import { KheishError, type Tool } from '@kheish/core-model';
import * as v from 'valibot';
import { expectDigest } from '../editing/expect-digest.ts';
import { type EditingToolOptions, defineEditingTool } from './define-editing-tool.ts';
import {
  Path,
  Sha256,
  Text,
  inputObject,
  pathField,
  sha256Field,
  textField,
} from './input-fields.ts';

const Input = v.strictObject({
  path: Path,
  content: Text,
  expected_sha256: v.optional(Sha256),
});
type Input = v.InferOutput<typeof Input>;

export function writeFileTool(options: EditingToolOptions): Tool<Input> {
  const { maxContentBytes } = options.limits;
  return defineEditingTool(options, {
    name: 'write_file',
    description:
      'Writes a whole text file of the workspace: makes it, with the directories it needs, or replaces it. ' +
      'Use edit_file or apply_patch to change a part of a file.',
    inputSchema: inputObject(
      {
        path: pathField('The file, relative to the workspace.'),
        content: textField('All that the file is to hold.'),
        expected_sha256: sha256Field(),
      },
      ['path', 'content'],
    ),
    input: Input,
    paths: ({ path }) => [path],
    plan: (input, files) =>
      files.map((file) => {
        expectDigest(file, input.expected_sha256);
        const content = Buffer.from(input.content);
        if (content.length > maxContentBytes) {
          throw new KheishError(
            'tools/invalid_input',
            `content: more than ${maxContentBytes} bytes`,
          );
        }
        return { kind: 'write', file, content, like: file.standing };
      }),
  });
}
