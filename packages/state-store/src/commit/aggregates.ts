import {
  type RunState,
  type RuntimeRevision,
  type SessionState,
  firstRevision,
} from '@kheish/core-model';
import { LRUCache } from 'lru-cache';
import { storedJson } from '../root/storage-error.ts';
import { KeptAuthority } from './kept-authority.ts';

export interface StoredSession {
  readonly state: SessionState;
  /** The last event that changed it. */
  readonly seq: number;
}

export interface StoredRun {
  readonly state: RunState;
  /** The event that accepted it. */
  readonly firstSeq: number;
}

interface Rows {
  readonly session: { get(id: string): { state: string; seq: number } | undefined };
  readonly run: { get(id: string): { state: string; firstSeq: number } | undefined };
}

interface RevisionRows {
  readonly revision: { get(revision: number): { body: string } | undefined };
  readonly lastRevision: { get(): { body: string } | undefined };
}

/** Characters of JSON that the kept states of each kind came from. */
const KEPT_CHARACTERS = 1024 * 1024;

/** States of the configuration that running runs are pinned to: few. */
const KEPT_REVISIONS = 64;

/**
 * Sessions and runs as their tables have them, those used last kept as objects. Whoever holds the root is its only
 * writer, so what is kept changes only here; after an error of the disk all of it is read anew.
 */
export class Aggregates {
  readonly authority = new KeptAuthority();
  readonly #sessions = kept<StoredSession>();
  readonly #runs = kept<StoredRun>();
  readonly #revisions = new LRUCache<number, RuntimeRevision>({ max: KEPT_REVISIONS });
  #newest: RuntimeRevision | undefined;

  session(id: string, rows: Rows): StoredSession | undefined {
    const known = this.#sessions.get(id);
    if (known !== undefined) return known;
    const row = rows.session.get(id);
    if (row === undefined) return undefined;
    const session = { state: storedJson(row.state) as SessionState, seq: row.seq };
    this.#sessions.set(id, session, { size: row.state.length });
    return session;
  }

  run(id: string, rows: Rows): StoredRun | undefined {
    const known = this.#runs.get(id);
    if (known !== undefined) return known;
    const row = rows.run.get(id);
    if (row === undefined) return undefined;
    const run = { state: storedJson(row.state) as RunState, firstSeq: row.firstSeq };
    this.#runs.set(id, run, { size: row.state.length });
    return run;
  }

  /** The configuration in force, or the one of a revision. */
  runtime(revision: number | undefined, rows: RevisionRows): RuntimeRevision {
    if (revision === undefined) {
      const row = this.#newest === undefined ? rows.lastRevision.get() : undefined;
      return (this.#newest ??= row === undefined ? firstRevision : revisionOf(row));
    }
    if (revision === 0) return firstRevision;
    const known = this.#revisions.get(revision);
    if (known !== undefined) return known;
    const row = rows.revision.get(revision);
    if (row === undefined) throw new Error(`there is no configuration revision ${revision}`);
    const read = revisionOf(row);
    this.#revisions.set(revision, read);
    return read;
  }

  putRevision(revision: RuntimeRevision): void {
    this.#newest = revision;
  }

  /** The session as it was just written; `size` in characters of its JSON. */
  putSession(session: StoredSession, size: number): void {
    this.#sessions.set(session.state.session_id, session, { size });
  }

  putRun(run: StoredRun, size: number): void {
    this.#runs.set(run.state.run_id, run, { size });
  }

  /** What was written is not there after all, or was changed in the tables directly. */
  forget(): void {
    this.#sessions.clear();
    this.#runs.clear();
    this.#revisions.clear();
    this.#newest = undefined;
    this.authority.forget();
  }
}

function revisionOf(row: { body: string }): RuntimeRevision {
  return storedJson(row.body) as RuntimeRevision;
}

function kept<T extends object>(): LRUCache<string, T> {
  return new LRUCache({ maxSize: KEPT_CHARACTERS });
}
