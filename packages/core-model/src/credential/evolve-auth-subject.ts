import type { EventOf } from '../journal/events.ts';
import type { AuthSubject } from './auth-subject.ts';

/** The subject after the event. Throws on an event that its state cannot have. */
export function evolveAuthSubject(
  subject: AuthSubject,
  event: EventOf<'auth_subject_revoked' | 'auth_subject_restored'>,
): AuthSubject {
  if (event.type === 'auth_subject_restored') return { ...subject, revoked: false };
  if (event.epoch !== subject.epoch + 1) {
    throw new Error(`${subject.subject_id}: epoch ${event.epoch} after ${subject.epoch}`);
  }
  return { ...subject, epoch: event.epoch, revoked: true };
}
