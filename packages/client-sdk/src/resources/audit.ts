import type { AuditCheckpoint, AuditInclusionProof, AuditStatusView } from '@kheish/core-model';
import { download } from '../transport/download.ts';
import { type CallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';

export interface AuditExportOptions {
  /** Only the entries of this run, with their proofs. */
  readonly runId?: string | undefined;
  /** With a run: the size of an earlier checkpoint that the record is to be shown to have grown from. */
  readonly sinceTreeSize?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The signed record of external actions. */
export interface Audit {
  status(options?: CallOptions): Promise<AuditStatusView>;
  /** Signs what the record is now. Saved elsewhere, it shows later that the record only grew. */
  checkpoint(options?: CallOptions): Promise<AuditCheckpoint>;
  /** Of an entry, by its place in the log or by its action id. */
  prove(
    entry: string | number,
    options?: CallOptions & { readonly treeSize?: number | undefined },
  ): Promise<AuditInclusionProof>;
  /** The bytes of a file for `kheish audit verify`. It is whole only when its last line is a trailer. */
  export(options?: AuditExportOptions): AsyncIterable<Uint8Array>;
}

export function auditOf(transport: Transport): Audit {
  return {
    status: (call = {}) => request(transport, 'getAuditStatus', call),
    checkpoint: (call = {}) => request(transport, 'makeAuditCheckpoint', call),
    prove: (entry, { treeSize, ...call } = {}) =>
      request(transport, 'proveAuditEntry', {
        ...call,
        path: { entry: String(entry) },
        ...(treeSize !== undefined && { query: { tree_size: String(treeSize) } }),
      }),
    export: ({ runId, sinceTreeSize, signal } = {}) =>
      download(
        transport,
        'exportAudit',
        {
          ...(runId !== undefined && { run_id: runId }),
          ...(sinceTreeSize !== undefined && { since_tree_size: String(sinceTreeSize) }),
        },
        { signal },
      ),
  };
}
