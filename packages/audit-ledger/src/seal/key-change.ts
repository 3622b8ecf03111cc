import type { EntryBody } from './entry-body.ts';

/** An entry that says that another key goes on. */
export interface KeyChange {
  readonly oldKeyId: string;
  readonly newKeyId: string;
  /** Said by the old key itself; otherwise by the new one, because the old one is gone. */
  readonly announced: boolean;
}

const target = /^ed25519:([0-9a-f]{64})>([0-9a-f]{64})$/;

export function keyChangeOf(entry: EntryBody): KeyChange | undefined {
  if (entry.kind !== 'audit_key') return undefined;
  const [, oldKeyId, newKeyId] = target.exec(entry.target) ?? [];
  if (oldKeyId === undefined || newKeyId === undefined) return undefined;
  return { oldKeyId, newKeyId, announced: entry.outcome === 'announced' };
}
