import { createHash } from 'node:crypto';
import { type BigIntStats, accessSync, constants } from 'node:fs';
import { KheishError, type Digest } from '@kheish/core-model';
import { fileChanged, unreadable, unwritable, writeProblem } from '../workspace/file-problem.ts';
import type { PinnedFile } from '../workspace/pinned-file.ts';
import { type Workspace, printable } from '../workspace/workspace.ts';

export const CHUNK_BYTES = 1_048_576;

/** A file that a call names, as it stands. */
export interface NamedFile {
  /** As the model wrote it, fit to be shown. */
  readonly path: string;
  /** Absolute, without symbolic links. */
  readonly place: string;
  /** Whether the last name of the path is a symbolic link, which was followed. */
  readonly isLink: boolean;
  /** Absent where nothing is yet. */
  readonly standing?: Standing;
}

/** What a regular file held when it was looked at. */
export interface Standing {
  readonly content: Buffer;
  readonly digest: Digest;
  readonly stats: BigIntStats;
}

/** The files in the order of their paths. What is no regular file, or not writable, is refused. */
export async function lookAtFiles(
  workspace: Workspace,
  paths: readonly string[],
  maxBytes: { readonly ofOne: number; readonly ofAll: number },
  signal?: AbortSignal,
): Promise<NamedFile[]> {
  const files: NamedFile[] = [];
  let left = maxBytes.ofAll;
  for (const path of paths) {
    const file = await lookAtFile(workspace, path, maxBytes.ofOne, signal);
    left -= file.standing?.content.length ?? 0;
    if (left < 0) {
      throw new KheishError(
        'tools/invalid_input',
        `the files together have more than ${maxBytes.ofAll} bytes`,
      );
    }
    const same = files.find(({ place }) => overlap(place, file.place));
    if (same !== undefined) throw conflicting(same, file);
    files.push(file);
  }
  return files;
}

async function lookAtFile(
  workspace: Workspace,
  asked: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<NamedFile> {
  const path = printable(asked);
  const { place, pinned, isLink } = await workspace.lookUp(asked);
  if (pinned === undefined) return { path, place, isLink };
  using file = pinned;
  if (file.stats.isDirectory()) throw unwritable(path, 'is a directory');
  if (!file.stats.isFile()) throw unwritable(path, 'is not a regular file');
  try {
    accessSync(file.path, constants.W_OK);
  } catch (thrown) {
    throw writeProblem(path, thrown);
  }
  return { path, place, isLink, standing: await read(file, path, maxBytes, signal) };
}

async function read(
  file: PinnedFile,
  path: string,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Standing> {
  const size = Number(file.stats.size);
  if (size > maxBytes) throw unreadable(path, `has more than ${maxBytes} bytes`);
  const hash = createHash('sha256');
  const content = Buffer.allocUnsafe(size);
  try {
    using open = file.openForReading();
    for (let position = 0; position < size;) {
      signal?.throwIfAborted();
      const rest = content.subarray(position, position + CHUNK_BYTES);
      const bytes = await open.read(rest, rest.length, position);
      if (bytes === 0) throw fileChanged(path, 'became shorter while it was read');
      hash.update(rest.subarray(0, bytes));
      position += bytes;
    }
  } catch (thrown) {
    signal?.throwIfAborted();
    throw writeProblem(path, thrown);
  }
  return { content, digest: `sha256:${hash.digest('hex')}`, stats: file.stats };
}

/** Whether two places are one, or one would have to be a directory for the other. */
function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function conflicting(one: NamedFile, other: NamedFile): KheishError {
  const how = one.place === other.place ? 'are the same file' : 'cannot both be files';
  return new KheishError('tools/invalid_input', `${one.path} and ${other.path} ${how}`);
}
