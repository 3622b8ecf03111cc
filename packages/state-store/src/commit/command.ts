import type {
  ApiToken,
  AuthFailure,
  DomainEvent,
  RunState,
  RuntimeRevision,
  SealedSlot,
  SessionState,
  Spending,
  TaskState,
} from '@kheish/core-model';
import type { BlobRow } from '../blobs/blob-store.ts';
import type { LedgerCheckpoint, LedgerSubtree } from '../ledger/sealed-entry.ts';
import type { Authority, StoredLease } from './authority.ts';

/** The aggregates a decision needs, as data: they are loaded before `decide` runs. */
export interface Load {
  /** With its active run and the head of its queue. */
  readonly session?: string;
  /** All queued runs of the session, not only the first. */
  readonly queue?: 'all';
  readonly run?: string;
  readonly slots?: readonly string[];
  /** How many runs are running. */
  readonly admission?: true;
}

/** `fingerprint_bridge`: see `SecretStore`. */
export type RootFact = 'fingerprint_bridge';

export interface RunningRuns {
  readonly total: number;
  readonly byRoute: ReadonlyMap<string, number>;
}

/** A slot with the version its next write follows. */
export interface LoadedSlot {
  readonly slot?: SealedSlot;
  /** 0 where there never was one. */
  readonly lastVersion: number;
}

/**
 * What a decision sees and writes to. `record` evolves the aggregates at once, so that decisions of
 * several packages compose; nothing reaches the disk unless the whole decision returns.
 */
export interface WorkingState {
  /** Unix milliseconds at which this commit happens. */
  readonly atMs: number;
  session(id: string): SessionState | undefined;
  run(id: string): RunState | undefined;
  slot(id: string): LoadedSlot;
  /** Every slot that has a value, as this command found them. */
  slots(): readonly SealedSlot[];
  running(): RunningRuns;
  task(id: string): TaskState | undefined;
  /** Tasks of a session that have not ended, in order of creation. */
  openTasks(sessionId: string): readonly TaskState[];
  /** What a UTC day's model calls spend. */
  daySpending(utcDay: string): Spending;
  /** The configuration in force, or the one of a revision. */
  runtime(revision?: number): RuntimeRevision;
  /** Who may use credentials; a lease that is issued rides in the commit without an event. */
  readonly authority: Authority & { issue(lease: StoredLease): void };
  record(...events: DomainEvent[]): void;
  /** Keeps a sealed value beside its event; undefined erases it. */
  seal(slotId: string, sealed: SealedSlot | undefined): void;
  token(id: string): ApiToken | undefined;
  /** Keeps a token beside its event. */
  keepToken(token: ApiToken): void;
  /** Notes who was not let in; the oldest of these notes make room. */
  noteAuthFailures(failures: readonly AuthFailure[]): void;
  /** Keeps what a follower of the ledger signed, and what it need not hash anew. */
  keepCheckpoint(checkpoint: LedgerCheckpoint, subtrees: readonly LedgerSubtree[]): void;
  /** Keeps a fact about the root itself. */
  keepFact(name: RootFact, value: string): void;
}

export interface Command<R> {
  readonly load: Load;
  /** Pure and synchronous. Throws a `KheishError` to refuse: then nothing is recorded. */
  readonly decide: (state: WorkingState) => R;
  /** Long texts that the events refer to; not kept where there are no events. */
  readonly blobs?: readonly BlobRow[];
}

/** The answer first given under an idempotency key. */
export interface StoredAnswer {
  readonly status: number;
  readonly body: string;
}

export interface IdempotencyRequest {
  /** Caller and route: the same key in another scope is another key. */
  readonly scope: string;
  readonly key: string;
  /** Digest of what was asked. */
  readonly fingerprint: string;
}

/** A command that must happen once under its key. */
export interface OnceCommand<R> extends Command<R> {
  readonly idempotency: IdempotencyRequest;
  readonly answer: (result: R) => StoredAnswer;
}

export type OnceResult<R> = { readonly result: R } | { readonly replayed: StoredAnswer };
