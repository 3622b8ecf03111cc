import * as v from 'valibot';
import { AuthSlotRecord, AuthSlotStatus } from '../../secret/auth-slot.ts';
import { pageOf, pageQuery } from '../page.ts';
import type { Operation } from './operation.ts';

/** Secret slots. */
export const secretOperations = {
  listSecrets: {
    method: 'GET',
    path: '/v1/runtime/secrets',
    access: 'admin',
    summary: 'Secret slots, never their values.',
    query: pageQuery,
    status: 200,
    response: pageOf(AuthSlotStatus),
  },
  setSecret: {
    method: 'POST',
    path: '/v1/runtime/secrets',
    access: 'admin',
    summary: 'Write or replace a secret slot.',
    body: AuthSlotRecord,
    takesSecrets: true,
    status: 200,
    response: AuthSlotStatus,
    idempotent: true,
  },
  getSecret: {
    method: 'GET',
    path: '/v1/runtime/secrets/{secret_ref}',
    access: 'admin',
    summary: 'One secret slot, never its value.',
    status: 200,
    response: AuthSlotStatus,
  },
  deleteSecret: {
    method: 'DELETE',
    path: '/v1/runtime/secrets/{secret_ref}',
    access: 'admin',
    summary: 'Delete a secret slot.',
    status: 200,
    response: v.strictObject({ accepted: v.boolean() }),
  },
} as const satisfies Record<string, Operation>;
