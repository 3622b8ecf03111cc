import { type ExternalAction, canonicalJson, digestOfText } from '@kheish/core-model';

/** Links entries as a ledger does, and signs with nothing: for tests that are about something else. */
export const plainSealer = {
  keyId: '00'.repeat(32),
  entry: (action: ExternalAction, prevHash: Uint8Array | undefined) => {
    const prev_hash = prevHash && Buffer.from(prevHash).toString('hex');
    const body = canonicalJson({ ...action, ...(prev_hash !== undefined && { prev_hash }) });
    return { body, recordHash: Buffer.from(digestOfText(body).slice('sha256:'.length), 'hex') };
  },
  sign: () => new Uint8Array(64),
};
