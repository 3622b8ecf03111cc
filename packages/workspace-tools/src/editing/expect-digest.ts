import { fileChanged } from '../workspace/file-problem.ts';
import type { NamedFile } from './named-file.ts';

/** Throws `tools/file_changed` when the file is not what the model thinks it is. */
export function expectDigest(file: NamedFile, expected: string | undefined): void {
  if (expected === undefined) return;
  if (file.standing === undefined) throw fileChanged(file.path, 'is not there');
  const { digest } = file.standing;
  if (digest.slice(-64) !== expected.slice(-64)) {
    throw fileChanged(file.path, `has another SHA-256 than expected: ${digest}`);
  }
}
