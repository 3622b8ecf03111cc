import { KheishError, type Tool } from '@kheish/core-model';
import type { Store } from '@kheish/state-store';
import * as v from 'valibot';
import { characterStart } from '../prompt/byte-range.ts';
import { parseInput } from './parse-input.ts';

export const READ_OUTPUT = 'read_output';

const DEFAULT_BYTES = 16_000;
/** With the line about what is left, less than a prompt shows of one output. */
const MAX_BYTES = 30_000;

const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const Input = v.strictObject({
  message: whole,
  offset: v.optional(whole, 0),
  limit: v.optional(v.pipe(whole, v.minValue(4), v.maxValue(MAX_BYTES)), DEFAULT_BYTES),
});
type Input = v.InferOutput<typeof Input>;

const number = (description: string) => ({ type: 'integer', minimum: 0, description });

/** Pages through what tools answered earlier in the same session, where the prompt shows a part of it only. */
export function readOutput(store: Store): Tool<Input> {
  return {
    name: READ_OUTPUT,
    description:
      'Reads an earlier output of a tool that is not shown in full. The note in its place names the message and the offset.',
    inputSchema: {
      type: 'object',
      properties: {
        message: number('The message that the note names.'),
        offset: number('The first byte. Default 0.'),
        limit: {
          ...number(`Bytes at most. Default ${DEFAULT_BYTES}.`),
          minimum: 4,
          maximum: MAX_BYTES,
        },
      },
      required: ['message'],
      additionalProperties: false,
    },
    effect: 'repeatable',
    limits: { timeoutMs: 30_000, maxOutputBytes: MAX_BYTES + 1_000 },
    parse: (input) => parseInput(Input, input),
    run: async (input, { session_id }) => {
      const text = await outputOf(store, session_id, input.message);
      return { content: pageOf(Buffer.from(text), input) };
    },
  };
}

function outputOf(store: Store, sessionId: string, index: number): Promise<string> {
  const [entry] = store.read.messages(sessionId, { from: index, limit: 1 });
  if (entry?.index !== index || entry.message.role !== 'tool') {
    throw new KheishError('tools/not_found', `Message ${index} is not an output of a tool.`);
  }
  return store.blobs.text(sessionId, entry.message.content);
}

function pageOf(bytes: Buffer, { offset, limit }: Input): string {
  const from = characterStart(bytes, offset);
  const to = characterStart(bytes, from + limit);
  const left = bytes.length - to;
  const rest = left === 0 ? 'the end' : `${left} bytes follow, from offset ${to} on`;
  return `${bytes.toString('utf8', from, to)}\n[bytes ${from} to ${to} of ${bytes.length}; ${rest}]`;
}
