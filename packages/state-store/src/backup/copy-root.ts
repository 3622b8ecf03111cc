import { closeSync, existsSync, fdatasyncSync, mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { LIVE_SHELL } from '../schema/unfinished.ts';
import { SIGNING_KEY_FILES } from './backup-layout.ts';
import { type FileFacts, copyDurably, factsOfFile, syncDirectory } from './durable-files.ts';

// What runs in a thread of its own: nothing here may import what needs the bundle of the main thread.

export interface CopyOrder {
  readonly root: string;
  /** An empty directory. */
  readonly target: string;
  readonly withSigningKey: boolean;
  /** A daemon commits to the root meanwhile. */
  readonly live: boolean;
}

export interface CopiedRoot extends RootFactsTold {
  readonly hasSigningKey: boolean;
  readonly files: readonly ({ readonly path: string } & FileFacts)[];
}

/** So many go into the copy at a time: 1 MB, which then goes to the disk. */
const PAGES_A_STEP = 256;

/** Milliseconds between two portions in which the disk is for those who commit. */
const PAUSE_MS = 5;
const nobody = new Int32Array(new SharedArrayBuffer(4));

/** Milliseconds that the copy waits for whoever closes or recovers the database just now. */
const BUSY_TIMEOUT_MS = 5_000;

/**
 * Copies a root as it is at one moment, however much is committed meanwhile. Whatever is copied is on disk when this
 * resolves. Blocks its thread.
 */
export async function copyRoot(order: CopyOrder): Promise<CopiedRoot> {
  const { root, target } = order;
  const source = join(root, 'kheish.db');
  const files: { path: string; bytes: number; digest: `sha256:${string}` }[] = [];
  const copy = (path: string): boolean => {
    const facts = copyIfThere(join(root, path), join(target, path));
    if (facts !== undefined) files.push({ path, ...facts });
    return facts !== undefined;
  };
  const db = openToCopy(root);
  let facts: SnapshotFacts;
  try {
    db.exec('BEGIN');
    facts = factsOf(db);
    copyOutputs(facts.liveTasks, target, copy);
    await copyPages(db, join(target, 'kheish.db'));
  } finally {
    db.close();
  }
  if (order.live) foldLog(source);
  settle(join(target, 'kheish.db'));
  files.push({ path: 'kheish.db', ...factsOfFile(join(target, 'kheish.db')) });
  if (facts.assets.length > 0) mkdirSync(join(target, 'assets'), { mode: 0o700 });
  for (const digest of facts.assets) {
    const path = `assets/${digest.slice('sha256:'.length)}`;
    if (!copy(path)) throw new Error(`the text ${digest} is not in the root's assets`);
  }
  const keys = SIGNING_KEY_FILES.filter((name) => existsSync(join(root, name)));
  if (order.withSigningKey) for (const name of keys) copy(name);
  for (const directory of ['assets', 'tasks', '.']) {
    if (existsSync(join(target, directory))) syncDirectory(join(target, directory));
  }
  const { assets: _assets, liveTasks: _tasks, ...told } = facts;
  return { ...told, hasSigningKey: keys.length > 0, files };
}

/** Who only reads leaves its log behind, and who could write folds in the one that is there: so this leaves all as it is. */
export function openToCopy(root: string): Database.Database {
  const readonly = existsSync(join(root, 'kheish.db-wal'));
  const options = { readonly, fileMustExist: true, timeout: BUSY_TIMEOUT_MS };
  return new Database(join(root, 'kheish.db'), options);
}

interface RootFactsTold {
  readonly rootId: string;
  readonly schemaVersion: number;
  readonly headSeq: number;
  readonly masterKeyIds: readonly string[];
  /** Absent where its schema has none yet. */
  readonly ledger?: {
    readonly entryCount: number;
    readonly checkpoint?: { readonly body: string; readonly signature: string };
  };
}

interface SnapshotFacts extends RootFactsTold {
  readonly assets: readonly string[];
  readonly liveTasks: readonly string[];
}

function factsOf(db: Database.Database): SnapshotFacts {
  const texts = (sql: string) => db.prepare<[], string>(sql).pluck().all();
  const schemaVersion = db.pragma('user_version', { simple: true }) as number;
  const has = (table: string) =>
    texts(`SELECT name FROM sqlite_schema WHERE name = '${table}'`).length > 0;
  return {
    schemaVersion,
    rootId: texts(`SELECT value FROM root_facts WHERE name = 'root_id'`)[0] ?? '',
    headSeq: db.prepare<[], number>('SELECT coalesce(max(seq), 0) FROM journal').pluck().get() ?? 0,
    ...(has('ledger_entries') && { ledger: ledgerOf(db) }),
    masterKeyIds: texts(
      'SELECT DISTINCT key_id FROM secret_slots WHERE ciphertext IS NOT NULL ORDER BY key_id',
    ),
    assets: texts('SELECT DISTINCT digest FROM blobs WHERE data IS NULL ORDER BY digest'),
    liveTasks: has('session_tasks')
      ? texts(`SELECT task_id FROM session_tasks WHERE ${LIVE_SHELL}`)
      : [],
  };
}

function ledgerOf(db: Database.Database): SnapshotFacts['ledger'] {
  const count = db.prepare<[], number>('SELECT count(*) FROM ledger_entries').pluck();
  const checkpoint = db
    .prepare<[], { body: string; signature: string }>(
      `SELECT body, lower(hex(signature)) signature FROM ledger_checkpoints
       ORDER BY tree_size DESC LIMIT 1`,
    )
    .get();
  return { entryCount: count.get() ?? 0, ...(checkpoint && { checkpoint }) };
}

/** What live commands printed, before anything that takes long: one that ends takes its files away. */
function copyOutputs(
  taskIds: readonly string[],
  target: string,
  copy: (path: string) => boolean,
): void {
  if (taskIds.length > 0) mkdirSync(join(target, 'tasks'), { mode: 0o700 });
  // The newer file first: where the two are exchanged in between, a part stands there twice and none is missing.
  for (const id of taskIds) for (const end of ['out', 'out.1']) copy(`tasks/${id}.${end}`);
}

function copyIfThere(from: string, to: string): FileFacts | undefined {
  let file: number;
  try {
    file = openSync(from, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return copyDurably(file, to);
  } finally {
    closeSync(file);
  }
}

async function copyPages(db: Database.Database, target: string): Promise<void> {
  const file = openSync(target, 'wx', 0o600);
  try {
    await db.backup(target, {
      progress: () => {
        fdatasyncSync(file);
        Atomics.wait(nobody, 0, 0, PAUSE_MS);
        return PAGES_A_STEP;
      },
    });
  } finally {
    closeSync(file);
  }
}

/**
 * While the copy was read, nothing that was committed could go from the log into the database. It does so here, in
 * this thread, and not in the next commit. Whoever else does it meanwhile has it.
 */
function foldLog(source: string): void {
  const db = new Database(source, { fileMustExist: true, timeout: 0 });
  try {
    db.pragma('wal_checkpoint(PASSIVE)');
  } finally {
    db.close();
  }
}

/** Without a log beside it: who opens the copy to read it makes no file there. */
function settle(target: string): void {
  const db = new Database(target, { fileMustExist: true });
  try {
    if (db.pragma('journal_mode = DELETE', { simple: true }) !== 'delete') {
      throw new Error('the copy keeps its log');
    }
  } finally {
    db.close();
  }
}
