import * as v from 'valibot';
import { Body } from '../message/body.ts';

/** What of a session's transcript its prompts show, since it is too long for the model's window. */
export const Compaction = v.strictObject({
  /** Messages before this index do not stand in the prompt. */
  boundary: v.number(),
  /** But for this one: what was asked last. */
  request: v.optional(v.number()),
  /** Messages before this index are in the summary; those from here to the boundary are left out. */
  summarized: v.number(),
  summary: v.optional(Body),
  /** Of long outputs of tools before this index little is shown. */
  outputs_before: v.number(),
});
export type Compaction = v.InferOutput<typeof Compaction>;

/** All of the transcript. */
export const nothingCompacted: Compaction = { boundary: 0, summarized: 0, outputs_before: 0 };

/** `outputs`: only those were shortened. `cut`: there was no summary to be had. */
export const CompactionMethod = v.picklist(['outputs', 'summary', 'cut']);
export type CompactionMethod = v.InferOutput<typeof CompactionMethod>;

/** As the session's events made it. */
export interface SessionCompaction extends Compaction {
  /** Compactions so far. */
  readonly count: number;
  /** Messages that there were at the last one. */
  readonly at_message: number;
}
