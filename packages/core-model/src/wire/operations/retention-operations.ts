import { PruneReport, PruneRequest } from '../../retention/prune.ts';
import type { Operation } from './operation.ts';

/** What leaves the state root for good. */
export const retentionOperations = {
  pruneRuns: {
    method: 'POST',
    path: '/v1/runs/prune',
    access: 'admin',
    summary: 'Let ended sessions leave, with their runs and all that they hold.',
    body: PruneRequest,
    status: 200,
    response: PruneReport,
  },
} as const satisfies Record<string, Operation>;
