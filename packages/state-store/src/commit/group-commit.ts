import { type Clock, KheishError, type ReachCrashPoint } from '@kheish/core-model';
import type { BlobRow } from '../blobs/blob-store.ts';
import type { LedgerWriter } from '../ledger/ledger-writer.ts';
import { concernsTheGroup, storageError } from '../root/storage-error.ts';
import { Aggregates } from './aggregates.ts';
import { type RecordedRow, append } from './append.ts';
import type { Command, OnceCommand, OnceResult } from './command.ts';
import { answerGiven, keepAnswer } from './idempotency.ts';
import type { StoreRedactor } from './redaction.ts';
import { seqAfter } from './restored.ts';
import type { Statements } from './statements.ts';
import { WorkingSet } from './working-set.ts';

interface Member {
  readonly command: Command<unknown>;
  readonly once?: OnceCommand<unknown>;
  resolve(value: unknown): void;
  reject(error: unknown): void;
}

/** A group that is on disk: its events, and the blobs of all its commands, refused ones included. */
export interface CommittedGroup {
  readonly rows: readonly RecordedRow[];
  readonly blobs: readonly BlobRow[];
}

interface GroupCommitPorts {
  readonly statements: Statements;
  readonly ledger: LedgerWriter;
  readonly clock: Clock;
  readonly redactor: StoreRedactor;
  readonly reach?: ReachCrashPoint | undefined;
}

/** Waiting commands beyond this are refused: the disk does not keep up. */
const MAX_WAITING = 10_000;

/**
 * Applies every command that waits at a moment in one transaction. When a promise resolves, its events are
 * on disk; a refusal or a fault of one member leaves the others untouched; an error of the disk rejects all, and
 * from then on everything, until `resume`.
 */
export class GroupCommit {
  readonly aggregates = new Aggregates();
  readonly #statements: Statements;
  readonly #ledger: LedgerWriter;
  readonly #clock: Clock;
  readonly #onDisk: (group: CommittedGroup) => void;
  readonly #onFailure: (failure: KheishError) => void;
  readonly #redactor: StoreRedactor;
  readonly #reach: ReachCrashPoint | undefined;
  #waiting: Member[] = [];
  #scheduled = false;
  #head: number;
  #nextSeq: number;
  #failure: KheishError | undefined;

  constructor(
    { statements, ledger, clock, redactor, reach }: GroupCommitPorts,
    onDisk: (group: CommittedGroup) => void,
    onFailure: (failure: KheishError) => void,
  ) {
    this.#statements = statements;
    this.#ledger = ledger;
    this.#clock = clock;
    this.#onDisk = onDisk;
    this.#onFailure = onFailure;
    this.#redactor = redactor;
    this.#reach = reach;
    this.#head = statements.headSeq.get()?.seq ?? 0;
    this.#nextSeq = seqAfter(this.#head, statements);
  }

  /** Sequence number of the newest event on disk. */
  get head(): number {
    return this.#head;
  }

  /** Why nothing can be written now, if so. */
  get failure(): KheishError | undefined {
    return this.#failure;
  }

  /** Nothing can be written, for this reason. */
  fail(failure: KheishError): void {
    this.#failure = failure;
  }

  /** The disk takes writes again, and this is the newest event on it. */
  resume(head: number): void {
    this.#head = head;
    this.#nextSeq = seqAfter(head, this.#statements);
    this.aggregates.forget();
    this.#ledger.forget();
    this.#failure = undefined;
  }

  commit<R>(command: Command<R>): Promise<R> {
    return this.#enqueue<R>({ command });
  }

  commitOnce<R>(command: OnceCommand<R>): Promise<OnceResult<R>> {
    return this.#enqueue<OnceResult<R>>({
      command,
      once: command as OnceCommand<unknown>,
    });
  }

  /** Resolves when everything that waits now is settled. */
  async idle(): Promise<void> {
    while (this.#waiting.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }

  #enqueue<T>(member: Pick<Member, 'command' | 'once'>): Promise<T> {
    if (this.#waiting.length >= MAX_WAITING) {
      const error = new KheishError(
        'storage/storage_unavailable',
        'Too many writes wait for the disk. Try again in a moment.',
        { retryAfterMs: 1_000 },
      );
      return Promise.reject(error);
    }
    return new Promise<T>((resolve, reject) => {
      this.#waiting.push({ ...member, resolve, reject });
      if (this.#scheduled) return;
      this.#scheduled = true;
      // setImmediate and not a microtask: whatever this turn of the event loop still brings joins the group.
      setImmediate(() => this.#flush());
    });
  }

  #flush(): void {
    this.#scheduled = false;
    const group = this.#waiting;
    this.#waiting = [];
    if (this.#failure !== undefined) {
      for (const member of group) member.reject(this.#failure);
      return;
    }
    const settle: (() => void)[] = [];
    const rows: RecordedRow[] = [];
    const [head, firstSeq] = [this.#head, this.#nextSeq];
    try {
      this.#statements.begin.run();
      this.#reach?.('commit.begun');
      const atMs = this.#clock.now();
      for (const member of group) settle.push(this.#apply(member, atMs, rows));
      this.#ledger.seal();
      this.#reach?.('commit.applied');
      this.#statements.commit.run();
    } catch (error) {
      [this.#head, this.#nextSeq] = [head, firstSeq];
      this.aggregates.forget();
      this.#rollBack();
      this.#ledger.dropped();
      const failure = storageError(error, 'The disk does not take what is written');
      for (const member of group) member.reject(failure);
      // Nothing is wrong with the disk: who brings no entry is still welcome.
      if (failure.code !== 'audit/ledger_unavailable') this.#closeFor(failure);
      return;
    }
    this.#ledger.kept();
    this.#reach?.('commit.durable');
    try {
      this.#onDisk({ rows, blobs: group.flatMap(({ command }) => command.blobs ?? []) });
      this.#reach?.('commit.published');
    } finally {
      for (const done of settle) done();
    }
  }

  #closeFor(failure: KheishError): void {
    this.#failure = failure;
    this.#ledger.forget();
    this.#onFailure(failure);
  }

  #rollBack(): void {
    try {
      this.#statements.rollback.run();
    } catch {
      // SQLite has rolled back by itself, or never began.
    }
  }

  /** Decides and appends one member; its fault undoes it alone. Returns how to settle it once the group is on disk. */
  #apply(member: Member, atMs: number, rows: RecordedRow[]): () => void {
    const { command, once } = member;
    const { added } = this.#ledger;
    let appending = false;
    try {
      if (once !== undefined) {
        const replayed = answerGiven(this.#statements, once.idempotency, atMs);
        if (replayed !== undefined) return () => member.resolve({ replayed });
      }
      const work = new WorkingSet(
        command.load,
        this.#statements,
        this.aggregates,
        atMs,
        this.#redactor,
      );
      const result = command.decide(work);
      const speaks = work.recorded.length > 0 || work.checkpoint !== undefined;
      const writes =
        speaks || work.usedAuthority?.hasIssued === true || work.authFailures.length > 0;
      if (writes || once !== undefined) {
        this.#statements.savepoint.run();
        appending = true;
        const blobs = speaks ? (command.blobs ?? []) : [];
        const tables = { statements: this.#statements, ledger: this.#ledger };
        const appended = append(tables, this.aggregates, work, blobs, this.#nextSeq);
        if (once !== undefined) {
          keepAnswer(this.#statements, once, once.answer(result), atMs);
        }
        this.#statements.release.run();
        for (const row of appended) rows.push(row);
        this.#nextSeq += appended.length;
        this.#head = appended.at(-1)?.seq ?? this.#head;
      }
      return () => member.resolve(once === undefined ? result : { result });
    } catch (error) {
      if (concernsTheGroup(error)) throw error;
      if (appending) {
        this.aggregates.forget();
        this.#ledger.undo(added);
        this.#statements.rollbackMember.run();
        this.#statements.release.run();
      }
      return () => member.reject(error);
    }
  }
}
