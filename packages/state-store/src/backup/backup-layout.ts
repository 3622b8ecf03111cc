/** The names of a backup's files. */
export const MANIFEST_FILE = 'manifest.json';
/** The key that signs the audit, and the one that a rotation has begun to put into its place. */
export const SIGNING_KEY_FILES = ['audit-signing.key', 'audit-signing.key.next'] as const;

/** What may stand in a manifest as the path of a file; nothing leads out of the directory. */
const known = [
  /^kheish\.db$/,
  /^audit-signing\.key(\.next)?$/,
  /^assets\/[0-9a-f]{64}$/,
  /^tasks\/[\w-]{1,200}\.out(\.1)?$/,
];

export function isBackupPath(path: string): boolean {
  return known.some((form) => form.test(path));
}

/** A directory that is being filled, or that was when its writer ended. The root's id says who may clear it away. */
export function partialName(backupId: string, rootId: string): string {
  return `${backupId}.${rootId}.partial`;
}

export function idOfPartial(name: string): { backupId: string; rootId: string } | undefined {
  const [, backupId, rootId] = /^([^.]+)\.([^.]+)\.partial$/.exec(name) ?? [];
  return backupId === undefined || rootId === undefined ? undefined : { backupId, rootId };
}

export function isBackupId(name: string): boolean {
  return /^backup_[\w-]{1,100}$/.test(name);
}
