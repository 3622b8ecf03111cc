/**
 * The boundaries at which a process may die: around each commit, each file of a long text and each effect. A test
 * names one and ends the process right there; in production nobody listens.
 */
export const crashPoints = [
  'commit.begun',
  'commit.applied',
  'commit.durable',
  'commit.published',
  'blob.written',
  'blob.kept',
  'model.begun',
  'model.delta',
  'model.answered',
  'tool.begun',
  'tool.started',
  'tool.returned',
] as const;

export type CrashPoint = (typeof crashPoints)[number];

/** Called as the named boundary is reached. */
export type ReachCrashPoint = (point: CrashPoint) => void;
