import * as v from 'valibot';
import { AuthSlotRecord, AuthSlotStatus } from '../../secret/auth-slot.ts';
import {
  ImportReport,
  RekeyReport,
  RekeyRequest,
  SecretsImport,
} from '../../secret/secret-changes.ts';
import { pageOf, pageQuery } from '../page.ts';
import { type Operation, flag } from './operation.ts';

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
    summary: 'Delete a secret slot; one that a route uses only with force.',
    query: { force: flag },
    status: 200,
    response: v.strictObject({ accepted: v.boolean() }),
  },
  rekeySecrets: {
    method: 'POST',
    path: '/v1/runtime/secrets/rekey',
    access: 'admin',
    summary: 'Seal every secret slot under another master key, all at once.',
    body: RekeyRequest,
    takesSecrets: true,
    status: 200,
    response: RekeyReport,
    idempotent: true,
  },
  importSecrets: {
    method: 'POST',
    path: '/v1/runtime/secrets/import',
    access: 'admin',
    summary: 'Write secret slots from a snapshot in plain text: all of them or none.',
    body: SecretsImport,
    takesSecrets: true,
    status: 200,
    response: ImportReport,
    idempotent: true,
  },
} as const satisfies Record<string, Operation>;
