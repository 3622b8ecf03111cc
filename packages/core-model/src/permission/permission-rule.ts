import * as v from 'valibot';

/** What becomes of a decision: see `decidePermission` of the run engine. */
export const PermissionMode = v.picklist([
  'default',
  'acceptEdits',
  'bypassPermissions',
  'plan',
  'dontAsk',
]);
export type PermissionMode = v.InferOutput<typeof PermissionMode>;

export const PermissionBehavior = v.picklist(['allow', 'ask', 'deny']);
export type PermissionBehavior = v.InferOutput<typeof PermissionBehavior>;

export const PermissionScope = v.picklist(['user', 'project', 'session']);
export type PermissionScope = v.InferOutput<typeof PermissionScope>;

/** A tool's name, the beginning of one and `*`, or `*` for all. */
export const ToolNamePattern = v.pipe(
  v.string(),
  v.maxLength(128, 'A tool name pattern has at most 128 characters.'),
  v.regex(
    /^(?:[A-Za-z0-9_-]+\*?|\*)$/,
    'A tool name pattern is a name of letters, digits, "_" and "-", or the beginning of one and "*", or "*".',
  ),
);

const commandWord = v.pipe(
  v.string(),
  v.nonEmpty('A word of argv_prefix is not empty.'),
  v.maxLength(4096, 'A word of argv_prefix has at most 4096 characters.'),
  v.check((word) => !word.includes('\0'), 'A word of argv_prefix has no NUL.'),
);

/** The first words of a command: a plain name or an absolute path, and arguments. */
export const ArgvPrefix = v.pipe(
  v.array(commandWord),
  v.minLength(1, 'An argv_prefix has a word at least.'),
  v.maxLength(64, 'An argv_prefix has at most 64 words.'),
  v.check(
    ([program]) => program === undefined || program.startsWith('/') || !program.includes('/'),
    'The first word of an argv_prefix is a plain name or an absolute path.',
  ),
);

/** What an operator says of the tools that a pattern names, or of some commands that they would run. */
export const PermissionRule = v.strictObject({
  scope: PermissionScope,
  tool_name_pattern: ToolNamePattern,
  behavior: PermissionBehavior,
  /** Only calls that run one simple command which begins with these words. */
  argv_prefix: v.optional(ArgvPrefix),
  reason: v.optional(v.pipe(v.string(), v.maxLength(1024))),
});
export type PermissionRule = v.InferOutput<typeof PermissionRule>;

export const PermissionRules = v.pipe(
  v.array(PermissionRule),
  v.maxLength(1000, 'There are at most 1000 permission rules.'),
);
