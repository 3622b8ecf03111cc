import { inlineSlotOf } from '@kheish/auth-store';
import type { Handlers } from '@kheish/http-api';
import { answerOnce } from '@kheish/run-engine';
import type { Command, IdempotencyRequest } from '@kheish/state-store';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';
import { answered } from './answered.ts';

type AuthOperation =
  | 'getAuthSubject'
  | 'revokeAuthSubject'
  | 'restoreAuthSubject'
  | 'getCredentialLease'
  | 'revokeCredentialLease'
  | 'revokeAuthSlot';

export function authHandlers({
  store,
  broker,
  routes,
}: Pick<DaemonParts, 'store' | 'broker' | 'routes'>): Pick<Handlers, AuthOperation> {
  const once = async <T>(command: Command<T>, idempotency: IdempotencyRequest | undefined) =>
    answered(await answerOnce(store, command, 200, idempotency));
  const isInline = (slotId: string) =>
    [...routes.inventory.routes.values()].some(
      ({ id, credential }) => credential.kind === 'inline' && inlineSlotOf(id) === slotId,
    );
  return {
    getAuthSubject: ({ path }) => broker.subject(path.subject_id),
    revokeAuthSubject: ({ path, idempotency }) =>
      once(broker.revokeSubject(path.subject_id), idempotency),
    restoreAuthSubject: ({ path, idempotency }) =>
      once(broker.restoreSubject(path.subject_id), idempotency),
    getCredentialLease: ({ path }) => broker.lease(path.lease_id),
    revokeCredentialLease: ({ path, idempotency }) =>
      once(broker.revokeLease(path.lease_id), idempotency),
    revokeAuthSlot: ({ path: { slot_id: slotId }, idempotency }) =>
      once(broker.revokeSlot(slotId, isInline(slotId)), idempotency),
  };
}
