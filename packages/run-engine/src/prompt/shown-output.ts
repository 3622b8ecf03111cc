import { SHOWN_OUTPUT_BYTES, tokensOfText } from '@kheish/core-model';
import { READ_OUTPUT } from '../tools/read-output.ts';
import { characterStart } from './byte-range.ts';

/** How an output is shown: in full up to a length, beyond it by its two ends. All in bytes. */
interface Form {
  readonly upTo: number;
  readonly head: number;
  readonly tail: number;
}

const asItCame: Form = {
  upTo: SHOWN_OUTPUT_BYTES,
  head: SHOWN_OUTPUT_BYTES * 0.75,
  tail: SHOWN_OUTPUT_BYTES * 0.25,
};

/** Of an output that was taken back to make room. */
const short: Form = { upTo: 4_000, head: 600, tail: 200 };

/** Bytes beyond which an output is shown shorter when it was taken back. */
export const SHORTENED_FROM_BYTES = short.upTo;

/** Of an output that was taken back, with the note and what stands around it. */
export const SHORT_OUTPUT_TOKENS = tokensOfText('x'.repeat(short.head + short.tail + 300));

/** Where an output stands in full. */
interface OutputPlace {
  /** Of its message in the session's transcript. */
  readonly index: number;
  readonly digest: string;
}

/** A tool's output as a prompt shows it. The same text at the same place gives the same. */
export function shownOutput(text: string, place: () => OutputPlace, shortened = false): string {
  const { upTo, head, tail } = shortened ? short : asItCame;
  if (text.length * 3 <= upTo) return text;
  const bytes = Buffer.from(text);
  if (bytes.length <= upTo) return text;
  const from = characterStart(bytes, head);
  const to = characterStart(bytes, bytes.length - tail);
  const { index, digest } = place();
  const note =
    `[${to - from} of ${bytes.length} bytes are not shown here (${digest}). ` +
    `${READ_OUTPUT} {"message":${index},"offset":${from}} reads on.]`;
  return `${bytes.toString('utf8', 0, from)}\n${note}\n${bytes.toString('utf8', to)}`;
}
