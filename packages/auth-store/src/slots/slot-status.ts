import type { AuthSlotRecord, AuthSlotStatus, SealedSlot, SlotDetails } from '@kheish/core-model';
import { isRedactable } from '../redaction/redactor.ts';
import { secretOf } from './credentials.ts';

/** From so many milliseconds before its end on a secret is warned about. */
const WARN_MS = 14 * 24 * 60 * 60 * 1000;

/** What kind of secret it is, and nothing of the secret. */
export function summaryOf(record: AuthSlotRecord): string {
  if (record.provider === 'generic') return 'Opaque secret';
  if (record.provider !== 'open_ai') return 'API key';
  const { organization, project } = record.state;
  const set = [
    ...(typeof organization === 'string' ? ['organization'] : []),
    ...(typeof project === 'string' ? ['project'] : []),
  ];
  return set.length === 0 ? 'API key' : `API key (${set.join(' and ')} set)`;
}

/** What of a record is not secret; undefined where there is nothing to say. */
export function detailsOf(record: AuthSlotRecord): SlotDetails | undefined {
  const { organization, project } = record.provider === 'open_ai' ? record.state : {};
  const { expires_at_ms } = record;
  const details: SlotDetails = {
    ...(typeof organization === 'string' && { organization }),
    ...(typeof project === 'string' && { project }),
    ...(typeof expires_at_ms === 'number' && { expires_at_ms }),
    ...(!isRedactable(secretOf(record)) && { unredacted: true }),
  };
  return Object.keys(details).length === 0 ? undefined : details;
}

/** What may be said of a slot; no key is needed. */
export function statusOf(sealed: SealedSlot, nowMs: number): AuthSlotStatus {
  const { slot_id, provider, mode, summary, version, updated_at_ms, details = {} } = sealed;
  const warnings = warningsOf(details, nowMs);
  return {
    slot_id,
    provider,
    mode,
    summary,
    version,
    updated_at_ms,
    details,
    ...(warnings.length > 0 && { warnings }),
  };
}

function warningsOf(details: SlotDetails, nowMs: number): string[] {
  const expiry = expiryWarning(details, nowMs);
  return [
    ...(expiry === undefined ? [] : [expiry]),
    ...(details.unredacted === true
      ? ['It is shorter than 8 characters: texts that repeat it are not redacted.']
      : []),
  ];
}

/** A sentence from 14 days before the end of a secret on. */
export function expiryWarning(
  { expires_at_ms: end }: SlotDetails,
  nowMs: number,
): string | undefined {
  if (end === undefined || end - nowMs > WARN_MS) return undefined;
  const day = new Date(end).toISOString();
  return end <= nowMs ? `It expired at ${day}.` : `It expires at ${day}.`;
}
