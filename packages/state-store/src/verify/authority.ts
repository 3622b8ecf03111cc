import { isDeepStrictEqual } from 'node:util';
import { type AuthSubject, type RecordedEvent, evolveAuthSubject } from '@kheish/core-model';
import type Database from 'better-sqlite3';
import type { Find } from './verify-store.ts';

interface SubjectRow {
  readonly subjectId: string;
  readonly epoch: number;
  readonly revoked: number;
}

/** Who was revoked by the tables is who was revoked by the journal. */
export function checkAuthority(db: Database.Database, find: Find): void {
  const told = replayed(db, find);
  const subjects = db
    .prepare<[], SubjectRow>('SELECT subject_id subjectId, epoch, revoked FROM auth_subjects')
    .all()
    .map(({ subjectId, epoch, revoked }): [string, AuthSubject] => [
      subjectId,
      { subject_id: subjectId, epoch, revoked: revoked === 1 },
    ]);
  compare(told.subjects, new Map(subjects), 'auth_subject', find);
  const slots = db
    .prepare<[], { slotId: string; version: number }>(
      'SELECT slot_id slotId, version FROM revoked_slots',
    )
    .all();
  const kept = new Map(slots.map(({ slotId, version }) => [slotId, version]));
  compare(told.slots, kept, 'revoked_slot', find);
  const leases = db
    .prepare<[], { leaseId: string; revoked: number }>(
      'SELECT lease_id leaseId, revoked FROM credential_leases',
    )
    .all();
  for (const { leaseId, revoked } of leases) {
    if ((revoked === 1) === told.leases.has(leaseId)) continue;
    find('lease', leaseId, 'the row is not what the journal says of it');
  }
}

function replayed(db: Database.Database, find: Find) {
  const subjects = new Map<string, AuthSubject>();
  const slots = new Map<string, number>();
  const versions = new Map<string, number>();
  const leases = new Set<string>();
  const rows = db.prepare<[], { seq: number; body: string }>(
    `SELECT seq, body FROM journal WHERE type IN ('auth_subject_revoked', 'auth_subject_restored',
       'auth_slot_revoked', 'auth_lease_revoked', 'secret_slot_set', 'secrets_rekeyed')
     AND json_valid(body) ORDER BY seq`,
  );
  for (const { seq, body } of rows.iterate()) {
    const event = JSON.parse(body) as RecordedEvent;
    if (event.type === 'auth_slot_revoked') slots.set(event.slot_id, event.version);
    if (event.type === 'secret_slot_set') versions.set(event.slot_id, event.version);
    if (event.type === 'secrets_rekeyed') {
      for (const { slot_id: slotId, version } of event.slots) {
        const revoked = slots.get(slotId);
        if (revoked !== undefined && revoked >= (versions.get(slotId) ?? 0)) {
          slots.set(slotId, version);
        }
        versions.set(slotId, version);
      }
    }
    if (event.type === 'auth_lease_revoked') leases.add(event.lease_id);
    if (event.type !== 'auth_subject_revoked' && event.type !== 'auth_subject_restored') continue;
    const { subject_id } = event;
    const before = subjects.get(subject_id) ?? { subject_id, epoch: 0, revoked: false };
    try {
      subjects.set(subject_id, evolveAuthSubject(before, event));
    } catch (error) {
      find('event', String(seq), (error as Error).message);
    }
  }
  return { subjects, slots, leases };
}

function compare<T>(
  told: ReadonlyMap<string, T>,
  kept: ReadonlyMap<string, T>,
  check: string,
  find: Find,
): void {
  for (const id of new Set([...told.keys(), ...kept.keys()])) {
    if (isDeepStrictEqual(told.get(id), kept.get(id))) continue;
    find(check, id, 'the row is not what the journal makes of it');
  }
}
