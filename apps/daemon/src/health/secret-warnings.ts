import { expiryWarning } from '@kheish/auth-store';
import type { AuthSlotStatus, HealthWarning } from '@kheish/core-model';

interface SecretFacts {
  readonly nowMs: number;
  readonly slots: readonly AuthSlotStatus[];
  readonly hasMasterKey: boolean;
}

/** What should be seen to about the sealed slots. */
export function secretWarnings({ nowMs, slots, hasMasterKey }: SecretFacts): HealthWarning[] {
  const warnings = slots.flatMap((slot) => ofSlot(slot, nowMs));
  if (slots.length === 0 || hasMasterKey) return warnings;
  warnings.push({
    severity: 'warning',
    code: 'master_key_missing',
    message: `There is no master key to open ${slots.length} secrets with.`,
    action: 'Start the daemon with KHEISH_AUTH_STORE_MASTER_KEY or its _FILE.',
  });
  return warnings;
}

function ofSlot({ slot_id: related_id, details }: AuthSlotStatus, nowMs: number): HealthWarning[] {
  const severity = 'warning';
  const warnings: HealthWarning[] = [];
  const end = expiryWarning(details, nowMs);
  if (end !== undefined) {
    const isOver = (details.expires_at_ms ?? 0) <= nowMs;
    const code = isOver ? 'secret_expired' : 'secret_expires_soon';
    const action = `kheish secrets set ${related_id}`;
    warnings.push({ severity, code, message: `"${related_id}": ${end}`, related_id, action });
  }
  if (details.unredacted === true) {
    const message = `"${related_id}" is so short that texts which repeat it are not redacted.`;
    warnings.push({ severity, code: 'secret_unredacted', message, related_id });
  }
  return warnings;
}
