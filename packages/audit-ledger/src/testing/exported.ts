import type { AuditCheckpoint } from '@kheish/core-model';
import { exportText, type ExportOptions } from '../export/write-export.ts';
import type { VerificationReport } from '../verify/report.ts';
import { verifyExport, type VerifyOptions } from '../verify/verify-export.ts';
import type { MemoryLedger } from './memory-ledger.ts';

/** The bytes of an export of what the ledger is now. */
export async function exported(
  ledger: MemoryLedger,
  options: Partial<ExportOptions> & { readonly checkpoint?: AuditCheckpoint } = {},
): Promise<Buffer> {
  const checkpoint = options.checkpoint ?? ledger.sign();
  const pieces: string[] = [];
  const text = exportText({
    ledger,
    key: ledger.key,
    keyCoLocated: false,
    clock: { now: () => 1_760_000_000_000, monotonic: () => 0, sleep: async () => undefined },
    ...options,
    checkpoint,
  });
  for await (const piece of text) pieces.push(piece);
  return Buffer.from(pieces.join(''));
}

export async function verified(
  bytes: Uint8Array,
  options: VerifyOptions = {},
): Promise<VerificationReport> {
  return verifyExport(chunks(bytes), options);
}

/** In pieces whose ends fall anywhere. */
async function* chunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let from = 0; from < bytes.length; from += 997) yield bytes.subarray(from, from + 997);
}

/** The codes of everything that a report says, by aspect. */
export function codesOf(report: VerificationReport): string[] {
  return (['chain', 'content', 'independence'] as const).flatMap((aspect) =>
    Object.entries(report[aspect]).flatMap(([kind, notes]) =>
      (notes as { code: string }[]).map(({ code }) => `${aspect} ${kind}: ${code}`),
    ),
  );
}
