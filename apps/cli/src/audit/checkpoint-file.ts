import { readFile } from 'node:fs/promises';
import type { AuditCheckpoint } from '@kheish/client-sdk';
import { UsageError } from '../failure.ts';

/** A checkpoint that was saved from `audit checkpoint`. */
export async function readCheckpoint(path: string): Promise<AuditCheckpoint> {
  const { parseCheckpoint } = await import('@kheish/daemon');
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
  const checkpoint = parseCheckpoint(text);
  if (checkpoint !== undefined) return checkpoint;
  throw new UsageError(`${path} is not a checkpoint as "kheish audit checkpoint" prints one`);
}
