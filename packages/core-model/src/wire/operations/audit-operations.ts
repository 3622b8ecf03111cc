import * as v from 'valibot';
import { AuditCheckpoint, AuditInclusionProof, AuditStatusView } from '../../audit/checkpoint.ts';
import type { Operation } from './operation.ts';

/** The signed record of external actions. */
export const auditOperations = {
  getAuditStatus: {
    method: 'GET',
    path: '/v1/audit/status',
    access: 'read',
    summary: 'How the record of external actions does, and where its key is.',
    status: 200,
    response: AuditStatusView,
  },
  makeAuditCheckpoint: {
    method: 'POST',
    path: '/v1/audit/checkpoint',
    access: 'admin',
    summary: 'Sign what the record is now; the newest checkpoint where nothing came since.',
    status: 200,
    response: AuditCheckpoint,
  },
  proveAuditEntry: {
    method: 'GET',
    path: '/v1/audit/entries/{entry}/proof',
    access: 'admin',
    summary: 'Show that an entry, by its place or its action id, is in the record.',
    query: { tree_size: v.optional(v.string()) },
    status: 200,
    response: AuditInclusionProof,
  },
  exportAudit: {
    method: 'GET',
    path: '/v1/audit/export',
    access: 'admin',
    summary: 'The record, or the part of one run, as lines that are verified offline.',
    query: { run_id: v.optional(v.string()), since_tree_size: v.optional(v.string()) },
    status: 200,
    response: 'jsonl',
  },
} as const satisfies Record<string, Operation>;
