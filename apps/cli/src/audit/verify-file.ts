import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import type { VerificationReport, VerifyOptions } from '@kheish/daemon';
import { UsageError } from '../failure.ts';

/** Longer than any proof or checkpoint. */
const MAX_DOCUMENT_BYTES = 1_000_000;

/** Checks an export, a proof or a checkpoint. Throws `UsageError` where the file is none of them. */
export async function verifyFile(
  path: string,
  options: VerifyOptions,
): Promise<VerificationReport> {
  const { verifyDocument, verifyExport } = await import('@kheish/daemon');
  const document = await shortText(path);
  const report = document === undefined ? undefined : verifyDocument(document, options);
  if (report !== undefined) return report;
  return verifyExport(createReadStream(path, { highWaterMark: 1_048_576 }), options);
}

/** The text of a file that may be a single document; undefined where it is longer. */
async function shortText(path: string): Promise<string | undefined> {
  let file;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    const stat = await file.stat();
    if (!stat.isFile()) throw new UsageError(`${path} is not a file`);
    if (stat.size > MAX_DOCUMENT_BYTES) return undefined;
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}
