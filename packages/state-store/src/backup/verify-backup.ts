import { readdirSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import {
  type BackupManifest,
  type BackupVerification,
  KheishError,
  type StoreVerification,
} from '@kheish/core-model';
import Database from 'better-sqlite3';
import { BlobStore } from '../blobs/blob-store.ts';
import { nothingKnown } from '../commit/redaction.ts';
import { LedgerWriter } from '../ledger/ledger-writer.ts';
import { Ledger } from '../ledger/ledger.ts';
import { Connection } from '../root/connection.ts';
import { DATABASE_FILE } from '../root/open-database.ts';
import { isDamage } from '../root/storage-error.ts';
import { knownSchemaVersion, schemaVersionOf } from '../schema/migrate.ts';
import { verifyDatabase } from '../verify/verify-store.ts';
import { MANIFEST_FILE } from './backup-layout.ts';
import { factsOfFile } from './durable-files.ts';
import { viewOfBackup } from './list-backups.ts';
import { readManifest } from './manifest.ts';

type Findings = StoreVerification['findings'];

/** Recomputes the record of external actions and holds it against the checkpoint of the manifest. */
export type CheckLedger = (
  ledger: Pick<Ledger, 'entries' | 'checkpoints' | 'subtrees'>,
  manifest: BackupManifest,
) => Promise<{ readonly ledger: BackupVerification['ledger']; readonly findings: Findings }>;

/**
 * Holds every file of a backup against its manifest, and then its database against itself as `store verify` does.
 * Changes nothing in it. Blocks for as long as it takes to read all of it.
 */
export async function verifyBackup(
  directory: string,
  checkLedger?: CheckLedger,
): Promise<BackupVerification> {
  const path = resolve(directory);
  let manifest: BackupManifest;
  try {
    manifest = readManifest(path);
  } catch (error) {
    if (!(error instanceof KheishError)) throw error;
    const findings = [{ check: 'manifest', subject: MANIFEST_FILE, message: error.message }];
    return { ok: false, path, not_checked: ['everything but the manifest'], findings };
  }
  const backup = viewOfBackup(manifest, path);
  const findings = checkFiles(path, manifest);
  if (findings.length > 0) {
    return { ok: false, path, backup, not_checked: ['what the database holds'], findings };
  }
  return { path, backup, ...(await checkContent(path, manifest, checkLedger)) };
}

/** Each file has the bytes of the manifest, and there are no others. */
function checkFiles(directory: string, { files }: BackupManifest): Findings {
  const findings: Findings = [];
  const find = (subject: string, message: string) =>
    findings.push({ check: 'file', subject, message });
  for (const { path, bytes, digest } of files) {
    try {
      const file = join(directory, path);
      const actual = factsOfFile(file);
      if (actual.digest !== digest || actual.bytes !== bytes) find(path, 'it was changed');
    } catch (error) {
      find(path, `it cannot be read: ${(error as Error).message}`);
    }
  }
  const named = new Set([MANIFEST_FILE, ...files.map(({ path }) => path)]);
  for (const path of filesIn(directory)) {
    if (!named.has(path)) find(path, 'the manifest does not name it');
  }
  return findings;
}

function filesIn(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)));
}

async function checkContent(
  directory: string,
  manifest: BackupManifest,
  checkLedger: CheckLedger | undefined,
): Promise<Omit<BackupVerification, 'path' | 'backup'>> {
  const file = join(directory, DATABASE_FILE);
  const known = knownSchemaVersion();
  if (manifest.schema_version !== known) {
    const age = manifest.schema_version > known ? 'newer' : 'older';
    const why = `the journal against the tables: they have schema ${manifest.schema_version}, ${age} than this program's ${known}`;
    const findings = checkPages(file);
    return { ok: findings.length === 0, not_checked: [why], findings };
  }
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const connection = new Connection(db);
    const blobs = new BlobStore(directory, connection, nothingKnown);
    const report = await verifyDatabase(file, manifest.root_id, blobs);
    const { ok: _ok, findings: told, ...store } = report;
    const checked = await checkLedger?.(ledgerOf(connection), manifest);
    const findings = [...told, ...checkFacts(db, manifest), ...(checked?.findings ?? [])];
    return {
      ok: findings.length === 0,
      store,
      ...(checked && { ledger: checked.ledger }),
      not_checked: checked === undefined ? ['the signatures of the ledger'] : [],
      findings,
    };
  } catch (error) {
    return { ok: false, not_checked: [], findings: [unreadable(error)] };
  } finally {
    db.close();
  }
}

/** The manifest says of the database what it says of itself. */
function checkFacts(db: Database.Database, manifest: BackupManifest): Findings {
  const text = (sql: string) => db.prepare<[], string | number>(sql).pluck().get();
  const facts = {
    root_id: text(`SELECT value FROM root_facts WHERE name = 'root_id'`),
    head_seq: text('SELECT coalesce(max(seq), 0) FROM journal'),
    schema_version: schemaVersionOf(db),
    'ledger.entry_count': text('SELECT count(*) FROM ledger_entries'),
  };
  const said = { ...manifest, 'ledger.entry_count': manifest.ledger?.entry_count };
  return (Object.keys(facts) as (keyof typeof facts)[])
    .filter((name) => facts[name] !== said[name])
    .map((name) => ({
      check: 'manifest',
      subject: name,
      message: `the manifest says ${said[name]}, the database ${facts[name]}`,
    }));
}

/** To be read only: nothing can be added to it. */
function ledgerOf(connection: Connection): Ledger {
  return new Ledger(connection, new LedgerWriter(connection, () => undefined));
}

function checkPages(file: string): Findings {
  const db = new Database(file, { readonly: true, fileMustExist: true });
  try {
    const rows = db.pragma('integrity_check(20)') as { integrity_check: string }[];
    return rows
      .filter((row) => row.integrity_check !== 'ok')
      .map((row) => ({ check: 'database', subject: DATABASE_FILE, message: row.integrity_check }));
  } catch (error) {
    return [unreadable(error)];
  } finally {
    db.close();
  }
}

function unreadable(error: unknown): Findings[number] {
  if (!isDamage(error) && !(error instanceof KheishError)) throw error;
  return { check: 'database', subject: DATABASE_FILE, message: (error as Error).message };
}
