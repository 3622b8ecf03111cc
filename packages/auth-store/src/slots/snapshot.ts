import { type AuthSlotRecord, KheishError, SecretsImport } from '@kheish/core-model';
import * as v from 'valibot';

/** The slots of a snapshot in plain text. Throws `secrets/invalid_secret`, never with a value. */
export function recordsOf(snapshot: unknown): AuthSlotRecord[] {
  const parsed = v.safeParse(SecretsImport, snapshot);
  if (!parsed.success) {
    const [slots, id] = parsed.issues[0].path ?? [];
    if (slots?.key === 'slots' && id !== undefined) throw invalid(String(id.key));
    throw new KheishError(
      'secrets/invalid_secret',
      'This is no snapshot of secrets: it has "slots", an object with a slot for each id.',
    );
  }
  return Object.entries(parsed.output.slots).map(([id, record]) => {
    if (record.slot_id !== id) throw invalid(id);
    return record;
  });
}

function invalid(slotId: string): KheishError {
  return new KheishError(
    'secrets/invalid_secret',
    `Nothing was imported: the slot "${slotId}" of the snapshot has a form that cannot be imported, or another id inside.`,
  );
}
