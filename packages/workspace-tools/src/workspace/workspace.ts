import { lstatSync, realpathSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { fileProblem, notFound } from './file-problem.ts';
import { type HiddenFiles, hiddenFiles } from './hidden-files.ts';
import { type Pin, type PinnedFile, pinFile } from './pinned-file.ts';
import { type Root, resolvePath } from './resolve-path.ts';

const ATTEMPTS = 3;

interface Found {
  /** Without symbolic links. */
  readonly place: string;
  /** Undefined where nothing is. */
  readonly pinned: PinnedFile | undefined;
  /** Whether the last name of the path was a symbolic link. */
  readonly isLink: boolean;
}

/**
 * The workspace as one tool call sees it: without what is hidden, and without what lies outside.
 * Names and attributes are looked up synchronously: that takes microseconds, and a way through the thread pool for
 * each of a dozen takes milliseconds. What may be long, a file's bytes and a directory's entries, is awaited.
 */
export class Workspace {
  readonly #root: Root;
  readonly #hidden: HiddenFiles;
  readonly #pin: Pin;

  private constructor(root: Root, hidden: HiddenFiles, pin: Pin) {
    this.#root = root;
    this.#hidden = hidden;
    this.#pin = pin;
  }

  static open(workspaceRoot: string, hidden: readonly string[], pin: Pin = pinFile): Workspace {
    const configured = resolve(workspaceRoot);
    try {
      const root = { configured, real: realpathSync.native(configured) };
      return new Workspace(root, hiddenFiles(hidden), pin);
    } catch (thrown) {
      throw fileProblem('the workspace root', thrown);
    }
  }

  /** Without symbolic links. */
  get realRoot(): string {
    return this.#root.real;
  }

  /** Finds what a model's path names and pins it. A name that changes meanwhile is looked up anew. */
  async find(path: string): Promise<{ place: string; pinned: PinnedFile }> {
    const { place, pinned } = await this.lookUp(path);
    if (pinned === undefined) throw notFound(path);
    return { place, pinned };
  }

  /** The same for a path that may not be there yet; its place is where it would be made. */
  async lookUp(path: string): Promise<Found> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { place, missing, isLink } = await resolvePath(this.#root, this.#hidden, path);
        if (missing.length > 0)
          return { place: join(place, ...missing), pinned: undefined, isLink };
        return { place, pinned: await this.pin(place), isLink };
      } catch (thrown) {
        if (attempt < ATTEMPTS && isNotFound(thrown)) continue;
        throw isNotFound(thrown) ? notFound(path) : fileProblem(path, thrown);
      }
    }
  }

  /** Where the path leads, without symbolic links; something need not be there. */
  async placeOf(path: string): Promise<string> {
    const { place, pinned } = await this.lookUp(path);
    pinned?.[Symbol.dispose]();
    return place;
  }

  /** Pins a place found by walking. Rejects with `tools/not_found` when it is hidden or has moved. */
  async pin(place: string): Promise<PinnedFile> {
    if (this.#hidden.coversPath(place)) throw notFound(this.name(place));
    const pinned = this.#pin(place);
    try {
      if (await this.#hidden.coversFile(pinned.stats)) throw notFound(this.name(place));
      return pinned;
    } catch (thrown) {
      pinned[Symbol.dispose]();
      throw thrown;
    }
  }

  /** Whether a place may be named in an answer. */
  async shows(place: string): Promise<boolean> {
    if (this.#hidden.coversPath(place)) return false;
    try {
      return !(await this.#hidden.coversFile(lstatSync(place, { bigint: true })));
    } catch {
      return false;
    }
  }

  /** Resolves a link met in a listing; undefined where following it would be refused. */
  async follow(place: string): Promise<string | undefined> {
    try {
      const { place: target, missing } = await resolvePath(this.#root, this.#hidden, place);
      return missing.length === 0 ? target : undefined;
    } catch {
      return undefined;
    }
  }

  /** The path relative to the workspace, with `/`; control characters are escaped. */
  name(place: string): string {
    return printable(relative(this.#root.real, place).split(sep).join('/') || '.');
  }
}

/** A file name that stays on its line. */
export function printable(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return name.replace(/[\u0000-\u001f\u007f\u2028\u2029]/g, (character) => {
    return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

export function isNotFound(thrown: unknown): boolean {
  if (thrown instanceof KheishError) return thrown.code === 'tools/not_found';
  const problem = fileProblem('', thrown);
  return problem instanceof KheishError && problem.code === 'tools/not_found';
}
