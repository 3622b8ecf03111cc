import type { RekeyReport } from '@kheish/core-model';

export function rekeyReport(oldKeyId: string, newKeyId: string, slotCount: number): RekeyReport {
  return {
    old_key_id: oldKeyId,
    new_key_id: newKeyId,
    slot_count: slotCount,
    next_start: `The next start needs master key ${newKeyId}: set KHEISH_AUTH_STORE_MASTER_KEY to it, or KHEISH_AUTH_STORE_MASTER_KEY_FILE to a file that has it. Key ${oldKeyId} opens nothing here any more; keep it for backups made before.`,
  };
}
