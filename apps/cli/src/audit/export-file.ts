import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { UsageError } from '../failure.ts';

type Put = (piece: string | Uint8Array) => Promise<void>;

/** Makes a file that is whole or not there; `-` is stdout. */
export async function exportFile(path: string, fill: (put: Put) => Promise<void>): Promise<void> {
  if (path === '-') {
    await fill(
      (piece) => new Promise<void>((resolve) => process.stdout.write(piece, () => resolve())),
    );
    return;
  }
  const draft = `${path}.partial`;
  let file: FileHandle;
  try {
    file = await open(draft, 'w', 0o600);
  } catch (error) {
    throw new UsageError(`${path} cannot be made (${(error as NodeJS.ErrnoException).code})`);
  }
  try {
    await fill(async (piece) => {
      await file.writeFile(piece);
    });
    await file.sync();
    await file.close();
    await rename(draft, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(draft, { force: true });
    throw error;
  }
}
