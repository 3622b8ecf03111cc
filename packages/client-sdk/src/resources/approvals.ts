import type { ApprovalResolution, PendingApprovalView, RunView } from '@kheish/core-model';
import { type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type AskedListOptions, type Listing, askedOf, listing } from './listing.ts';

/** Tool calls that wait for the operator's word. */
export interface Approvals {
  /** Oldest run first. */
  list(options?: AskedListOptions): Listing<PendingApprovalView>;
  /** All of them take effect, or none. Throws `approvals/approval_not_open` where one was answered or asked anew. */
  resolve(
    runId: string,
    resolutions: ApprovalResolution[],
    options?: KeyedCallOptions,
  ): Promise<RunView>;
}

export function approvalsOf(transport: Transport): Approvals {
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listApprovals', { query: askedOf(options, query), signal, timeoutMs }),
      ),
    resolve: (run_id, resolutions, options) =>
      request(transport, 'resolveApprovals', {
        ...options,
        path: { run_id },
        body: { resolutions },
      }),
  };
}
