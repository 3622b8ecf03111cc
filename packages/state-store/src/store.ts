import { statSync } from 'node:fs';
import { join } from 'node:path';
import type {
  BackupManifest,
  Clock,
  DomainEvent,
  KheishError,
  NewId,
  PruneReport,
  PruneRequest,
  ReachCrashPoint,
} from '@kheish/core-model';
import type { Database } from 'better-sqlite3';
import { type BackupRequest, type BackupSource, createBackup } from './backup/create-backup.ts';
import { BlobStore } from './blobs/blob-store.ts';
import { ErasedRemains } from './blobs/erased-remains.ts';
import type { RecordedRow } from './commit/append.ts';
import type { Command, OnceCommand, OnceResult } from './commit/command.ts';
import { type CommittedGroup, GroupCommit } from './commit/group-commit.ts';
import { type StoreRedactor, nothingKnown } from './commit/redaction.ts';
import { Reopening } from './commit/reopening.ts';
import { justRestored } from './commit/restored.ts';
import { type Statements, prepareStatements } from './commit/statements.ts';
import { JournalFeed } from './journal/feed.ts';
import { LedgerWriter } from './ledger/ledger-writer.ts';
import { Ledger } from './ledger/ledger.ts';
import type { LedgerRow, LedgerSealer } from './ledger/sealed-entry.ts';
import { Reads } from './reads/reads.ts';
import { Retention } from './retention/retention.ts';
import { Connection } from './root/connection.ts';
import { DATABASE_FILE, openDatabase } from './root/open-database.ts';
import { reopen, rootIdOf } from './root/reopen.ts';
import { type RootLock, lockRoot } from './root/root-lock.ts';
import { storageError } from './root/storage-error.ts';
import { schemaVersionOf } from './schema/migrate.ts';
import { TaskOutputFiles } from './task-output/task-output-files.ts';
import { type StoreReport, verifyDatabase } from './verify/verify-store.ts';

export interface StoreOptions {
  readonly stateRoot: string;
  readonly clock: Clock;
  readonly newId: NewId;
  /** Of the program; shown to whoever finds the root locked. */
  readonly version: string;
  /** Takes known secrets out of what is about to be written. */
  readonly redactor?: StoreRedactor;
  readonly reach?: ReachCrashPoint;
  readonly log?: StoreLog;
  /**
   * Makes the sealer of this root's ledger, which ends with `last`. Throws where its key is not the one that belongs
   * here. Without it no external action can be begun.
   */
  readonly sealer?: (logId: string, last: LedgerRow | undefined) => LedgerSealer;
}

interface StoreLog {
  warn(facts: object, message: string): void;
  error(facts: object, message: string): void;
}

/** Facts about the root that do not change while it is open. */
export interface RootFacts {
  readonly stateRoot: string;
  readonly rootId: string;
  readonly schemaVersion: number;
}

/** One open state root: its journal, its tables, and the one way to commit to them. */
export interface Store extends AsyncDisposable {
  readonly root: RootFacts;
  readonly feed: JournalFeed;
  readonly read: Reads;
  readonly blobs: BlobStore;
  readonly taskOutput: TaskOutputFiles;
  readonly ledger: Ledger;
  /**
   * Applies the command. When this resolves it is on disk; when it rejects with a refusal nothing happened. After
   * `storage/storage_unavailable` it may still come to the disk where the process ends before the disk is well again.
   */
  commit<R>(command: Command<R>): Promise<R>;
  /** The same, once per idempotency key: a twin gets the first answer. */
  commitOnce<R>(command: OnceCommand<R>): Promise<OnceResult<R>>;
  /** Registers this start of the program; voids all earlier ones. */
  beginIncarnation(): Promise<Incarnation>;
  /** Why nothing can be written now, if so: everything that is committed is rejected with it, until the disk is well. */
  failure(): KheishError | undefined;
  databaseBytes(): number;
  announce(address: string): void;
  verify(): Promise<StoreReport>;
  /** Lets ended sessions leave for good. Throws `sessions/session_not_found`. */
  prune(request: PruneRequest): Promise<PruneReport>;
  /** Copies the root as it is at one moment, while commits go on. Throws `backups/backup_failed`. */
  backup(request: BackupRequest): Promise<BackupManifest>;
  /** Waits for the commits under way and gives the root back. */
  close(): Promise<void>;
}

export interface Incarnation {
  readonly number: number;
  /** The start before this one did not leave in order. */
  readonly afterCrash: boolean;
  /** Says that this start leaves in order. */
  end(): Promise<void>;
}

/** Locks, opens and, if need be, migrates a state root. Throws `storage/...` errors that say what to do. */
export function openStore(options: StoreOptions): Store {
  const lock = lockRoot(options.stateRoot, options.version);
  let db: Database | undefined;
  try {
    db = openDatabase(lock.root);
    const rootId = rootIdOf(db, options.newId);
    lock.announce({ root_id: rootId });
    return assemble(options, new Connection(db), rootId, lock);
  } catch (error) {
    db?.close();
    lock.release();
    throw storageError(error, `The state root ${lock.root} cannot be opened`);
  }
}

function assemble(
  options: StoreOptions,
  connection: Connection,
  rootId: string,
  lock: RootLock,
): Store {
  const { clock, version, log, redactor = nothingKnown } = options;
  const statements = prepareStatements(connection);
  statements.pruneIdempotency.run(clock.now());
  const blobs = new BlobStore(lock.root, connection, redactor, options.reach);
  const feed: JournalFeed = new JournalFeed(
    connection,
    () => group.head,
    (error) => log?.error({ err: error }, 'a follower of the journal broke'),
  );
  const remains = new ErasedRemains(connection, blobs);
  const onDisk = ({ rows, blobs: settled }: CommittedGroup) => {
    reopening.allWell();
    blobs.release(settled);
    if (rows.some((row) => row.type === 'session_deleted')) remains.clear();
    if (rows.length > 0) feed.publish(rows);
  };
  const onFailure = (failure: KheishError) => {
    log?.error({ err: failure }, 'the store takes no writes');
    void reopening.begin();
  };
  const ledger = new LedgerWriter(connection, (last) => options.sealer?.(rootId, last));
  const ports = { statements, ledger, clock, redactor, reach: options.reach };
  const group = new GroupCommit(ports, onDisk, onFailure);
  const reopening = new Reopening(
    clock,
    () => {
      const published = group.head;
      const suspect = group.failure?.code === 'storage/corrupt';
      const known = { root: lock.root, rootId, published, suspect, atMs: clock.now() };
      const head = reopen(connection, known);
      group.resume(head);
      remains.retry();
      log?.warn({ head }, 'the store takes writes again');
      // What a failed commit left on the disk after all.
      if (head > published) onDisk({ rows: missed(feed, published, head), blobs: [] });
    },
    (error) => {
      const failure = storageError(error, 'The disk does not take what is written');
      group.fail(failure);
      // What is damaged is not written any more.
      return failure.code !== 'storage/corrupt';
    },
  );
  const databaseFile = join(lock.root, DATABASE_FILE);
  let closed: Promise<void> | undefined;

  const store: Store = {
    root: { stateRoot: lock.root, rootId, schemaVersion: schemaVersionOf(connection.db) },
    feed,
    read: new Reads(connection, group.aggregates),
    blobs,
    taskOutput: new TaskOutputFiles(lock.root),
    ledger: new Ledger(connection, ledger),
    commit: (command) => group.commit(command),
    commitOnce: (command) => group.commitOnce(command),
    beginIncarnation: () => beginIncarnation(group, statements, remains, version),
    failure: () => group.failure,
    databaseBytes: () => statSync(databaseFile).size,
    announce: (address) => lock.announce({ address }),
    verify: () => verifyDatabase(databaseFile, rootId, blobs).finally(() => remains.retry()),
    prune: (request) => new Retention(connection, group, feed, remains).prune(request, clock.now()),
    backup: (request) =>
      backUp({ root: lock.root, rootId, version, live: true }, request, blobs, remains),
    close: () => (closed ??= close(group, reopening, remains, connection, lock)),
    [Symbol.asyncDispose]: () => store.close(),
  };
  return store;
}

async function close(
  group: GroupCommit,
  reopening: Reopening,
  remains: ErasedRemains,
  connection: Connection,
  lock: RootLock,
): Promise<void> {
  await group.idle();
  reopening.stop();
  try {
    remains.retry();
    connection.db.close();
  } finally {
    lock.release();
  }
}

/** The files that its snapshot names stay until it has them. */
async function backUp(
  source: BackupSource,
  request: BackupRequest,
  blobs: BlobStore,
  remains: ErasedRemains,
): Promise<BackupManifest> {
  try {
    using _held = blobs.holdFiles();
    return await createBackup(source, request);
  } finally {
    remains.retry();
  }
}

function missed(feed: JournalFeed, published: number, head: number): readonly RecordedRow[] {
  return feed.page({ after: published, limit: head - published }).rows;
}

async function beginIncarnation(
  group: GroupCommit,
  statements: Statements,
  remains: ErasedRemains,
  version: string,
): Promise<Incarnation> {
  const last = statements.lastIncarnation.get();
  const number = (last?.incarnation ?? 0) + 1;
  const record = (event: DomainEvent) =>
    group.commit({ load: {}, decide: (state) => state.record(event) });
  const restored = justRestored(group.head, statements);
  await record({
    type: 'daemon_started',
    incarnation: number,
    version,
    ...(restored && { restored }),
  });
  const afterCrash = last !== undefined && last.stoppedAtMs === null;
  if (afterCrash) remains.clear();
  return {
    number,
    afterCrash,
    end: () => record({ type: 'daemon_stopped', incarnation: number }),
  };
}
