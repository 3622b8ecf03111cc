import { createHash } from 'node:crypto';
import { type BoundFile, type Digest, KheishError } from '@kheish/core-model';
import { fileProblem } from '../workspace/file-problem.ts';
import type { HiddenFiles } from '../workspace/hidden-files.ts';
import type { OpenFile } from '../workspace/open-file.ts';
import { pinFile } from '../workspace/pinned-file.ts';

const MAX_FILES = 256;
const MAX_BYTES = 256 * 1_048_576;
const CHUNK_BYTES = 1_048_576;

/** A file as the command names it, and what that stands for. */
export interface NamedPlace {
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly place: string;
}

export interface BoundFiles {
  readonly files: BoundFile[];
  /** What stands there and is not bound by a digest, and why. */
  readonly gaps: string[];
}

/** Digests of the regular files, 256 MiB in all at most. Nothing else is opened. */
export async function bindFiles(
  named: readonly NamedPlace[],
  hidden: HiddenFiles,
): Promise<BoundFiles> {
  const nameOf = new Map(named.toReversed().map(({ name, place }) => [place, name]));
  const places = [...new Set(named.map(({ place }) => place))];
  const files: BoundFile[] = [];
  const gaps: string[] = [];
  let left = MAX_BYTES;
  for (const place of places.slice(0, MAX_FILES)) {
    const looked = await lookAt(place, hidden, left);
    if (looked === undefined) continue;
    files.push(
      looked.digest === undefined ? { path: place } : { path: place, digest: looked.digest },
    );
    if (looked.gap !== undefined) gaps.push(`\`${nameOf.get(place)}\` ${looked.gap}`);
    left -= looked.bytes;
  }
  if (places.length > MAX_FILES) gaps.push(`more than ${MAX_FILES} files are named`);
  return { files, gaps };
}

interface Looked {
  readonly digest?: Digest;
  readonly gap?: string;
  readonly bytes: number;
}

async function lookAt(
  place: string,
  hidden: HiddenFiles,
  maxBytes: number,
): Promise<Looked | undefined> {
  try {
    using pinned = pinFile(place);
    if (hidden.coversPath(place) || (await hidden.coversFile(pinned.stats))) return undefined;
    if (pinned.stats.isDirectory())
      return { gap: 'is a directory: what it holds is not bound', bytes: 0 };
    if (!pinned.stats.isFile()) return { gap: 'is not a regular file', bytes: 0 };
    if (pinned.stats.size > maxBytes) return { gap: 'is too large to be bound', bytes: 0 };
    using file = pinned.openForReading();
    return await digestOf(file, Number(pinned.stats.size), maxBytes);
  } catch (thrown) {
    if (fileProblem(place, thrown) instanceof KheishError) {
      return { gap: 'cannot be read, or changed while it was looked at', bytes: 0 };
    }
    throw thrown;
  }
}

async function digestOf(file: OpenFile, size: number, maxBytes: number): Promise<Looked> {
  const hash = createHash('sha256');
  const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
  let bytes = 0;
  for (;;) {
    const count = await file.read(chunk, CHUNK_BYTES, bytes);
    hash.update(chunk.subarray(0, count));
    bytes += count;
    if (bytes > maxBytes) return { gap: 'is too large to be bound', bytes };
    if (count === 0 || (count < CHUNK_BYTES && bytes === size)) {
      return { digest: `sha256:${hash.digest('hex')}`, bytes };
    }
  }
}
