import * as v from 'valibot';
import { DigestText } from '../digest/digest.ts';

/** A file that an action names, by what it holds. */
export const BoundFile = v.strictObject({
  /** Absolute and without symbolic links. */
  path: v.string(),
  /** Absent where there is no file yet, or where it is no regular file. */
  digest: v.optional(DigestText),
});
export type BoundFile = v.InferOutput<typeof BoundFile>;

/**
 * What a call would act on, looked up without acting. An approval binds it: where any of it is another at the moment
 * of execution, the approval does not count.
 */
export const ActionBinding = v.strictObject({
  /** Absolute. */
  cwd: v.optional(v.string()),
  /** The words of a single simple command; absent where the line has shell syntax. */
  argv: v.optional(v.array(v.string())),
  /** What `argv[0]` stands for: absolute, without symbolic links. */
  executable: v.optional(v.string()),
  /** The executable and the plain operands that exist as files, or the files that would be written. */
  files: v.array(BoundFile),
  /** What would keep a command from the rest of the machine. */
  sandbox: v.optional(v.picklist(['bubblewrap', 'none'])),
  /** Why the files that are named are not all that the action depends on. */
  unbound: v.optional(v.string()),
});
export type ActionBinding = v.InferOutput<typeof ActionBinding>;
