import * as v from 'valibot';

/** `none`: commands run with the rights of the daemon, apart from their environment; `reason` says why. */
export const SandboxView = v.variant('kind', [
  v.strictObject({ kind: v.literal('bubblewrap'), version: v.string() }),
  v.strictObject({ kind: v.literal('none'), reason: v.string() }),
]);
export type SandboxView = v.InferOutput<typeof SandboxView>;
