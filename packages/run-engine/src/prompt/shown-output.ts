import { SHOWN_OUTPUT_BYTES } from '@kheish/core-model';
import { READ_OUTPUT } from '../tools/read-output.ts';
import { characterStart } from './byte-range.ts';

const HEAD_BYTES = SHOWN_OUTPUT_BYTES * 0.75;
const TAIL_BYTES = SHOWN_OUTPUT_BYTES * 0.25;

/** Where an output stands in full. */
export interface OutputPlace {
  /** Of its message in the session's transcript. */
  readonly index: number;
  readonly digest: string;
}

/** A tool's output as a prompt shows it: in full, or its two ends. The same text at the same place gives the same. */
export function shownOutput(text: string, { index, digest }: OutputPlace): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= SHOWN_OUTPUT_BYTES) return text;
  const from = characterStart(bytes, HEAD_BYTES);
  const to = characterStart(bytes, bytes.length - TAIL_BYTES);
  const note =
    `[${to - from} of ${bytes.length} bytes are not shown here (${digest}). ` +
    `${READ_OUTPUT} {"message":${index},"offset":${from}} reads on.]`;
  return `${bytes.toString('utf8', 0, from)}\n${note}\n${bytes.toString('utf8', to)}`;
}
