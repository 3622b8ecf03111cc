import * as v from 'valibot';
import type { ExternalAction } from './external-action.ts';

const keyId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

/** Another key goes on sealing the record of external actions. */
export const AuditKeyChanged = v.strictObject({
  type: v.literal('audit_key_changed'),
  old_key_id: keyId,
  new_key_id: keyId,
  /** `announced`: sealed by the old key itself. `lost`: it is gone, and the new one begins without its word. */
  continuity: v.picklist(['announced', 'lost']),
});

/** The change as an entry of the ledger: a leaf like any other. */
export function keyChangeAction(
  event: v.InferOutput<typeof AuditKeyChanged>,
  atMs: number,
): ExternalAction {
  return {
    action_id: `audit_key_${event.new_key_id.slice(0, 16)}`,
    timestamp_ms: atMs,
    phase: 'response',
    kind: 'audit_key',
    target: `ed25519:${event.old_key_id}>${event.new_key_id}`,
    outcome: event.continuity,
  };
}
