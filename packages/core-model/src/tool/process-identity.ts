import * as v from 'valibot';

/** A process group that can be told from a later one of the same number. */
export const ProcessIdentity = v.strictObject({
  /** Process id of the leader, and id of its group. */
  pid: v.number(),
  /** Clock ticks from the start of the system to that of the leader: field 22 of `/proc/<pid>/stat`. */
  start_ticks: v.string(),
  /** Which start of the system that was: `/proc/sys/kernel/random/boot_id`. */
  boot_id: v.string(),
});
export type ProcessIdentity = v.InferOutput<typeof ProcessIdentity>;
