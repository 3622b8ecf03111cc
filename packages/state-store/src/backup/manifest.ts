import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  type BackupManifest,
  KheishError,
  backupManifestOf,
  canonicalJson,
  digestOfJson,
} from '@kheish/core-model';
import { MANIFEST_FILE, isBackupPath } from './backup-layout.ts';
import { openFile, syncDirectory } from './durable-files.ts';

/** Completes a backup: the manifest appears at once and whole. */
export function writeManifest(
  directory: string,
  facts: Omit<BackupManifest, 'format' | 'format_version' | 'digest'>,
): BackupManifest {
  const rest = { format: 'kheish-backup', format_version: 1, ...facts } as const;
  const manifest: BackupManifest = { ...rest, digest: digestOfJson(rest) };
  const part = join(directory, `${MANIFEST_FILE}.part`);
  const file = openSync(part, 'wx', 0o600);
  try {
    writeSync(file, textOf(manifest));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(part, join(directory, MANIFEST_FILE));
  syncDirectory(directory);
  return manifest;
}

/** Throws `backups/backup_invalid` where it is not byte for byte what was written. */
export function readManifest(directory: string): BackupManifest {
  let text: string;
  try {
    text = textIn(join(directory, MANIFEST_FILE));
  } catch (error) {
    throw invalid(directory, `it has no manifest that can be read (${(error as Error).message})`);
  }
  const manifest = parsed(directory, text);
  const { digest, ...rest } = manifest;
  if (digestOfJson(rest) !== digest || textOf(manifest) !== text) {
    throw invalid(directory, 'its manifest was changed');
  }
  const paths = manifest.files.map(({ path }) => path);
  if (!paths.every(isBackupPath) || new Set(paths).size < paths.length) {
    throw invalid(directory, 'its manifest names files that no backup has');
  }
  return manifest;
}

function textIn(path: string): string {
  const file = openFile(path);
  try {
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

function parsed(directory: string, text: string): BackupManifest {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid(directory, 'its manifest is not JSON');
  }
  const { format_version: version } = (value ?? {}) as { format_version?: unknown };
  if (typeof version === 'number' && version > 1) {
    throw invalid(directory, `it has format ${version}, and this program knows format 1`);
  }
  const manifest = backupManifestOf(value);
  if (manifest !== undefined) return manifest;
  throw invalid(directory, 'its manifest does not have the form of one');
}

function invalid(directory: string, why: string): KheishError {
  return new KheishError('backups/backup_invalid', `${directory} is not a good backup: ${why}.`);
}

function textOf(manifest: BackupManifest): string {
  return `${canonicalJson(manifest)}\n`;
}
