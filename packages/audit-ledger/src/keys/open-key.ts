import { KheishError, type RandomSource } from '@kheish/core-model';
import type { LedgerRow } from '@kheish/state-store';
import { readEntryBody } from '../seal/entry-body.ts';
import { keyChangeOf } from '../seal/key-change.ts';
import {
  createKeyFile,
  isInside,
  keyFileOf,
  readKeyFile,
  removeKeyFile,
  writeKeyFile,
} from './key-file.ts';
import { SigningKey, newSeed, parseSeed } from './signing-key.ts';

const KEY_VARIABLE = 'KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY';
export const KEY_FILE_VARIABLE = 'KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY_FILE';

/** Where the signing key comes from: at most one of the two, or else from the state root. */
export interface SigningKeySource {
  /** The value of `KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY`. */
  readonly inline?: string | undefined;
  /** The value of `KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY_FILE`, a path. */
  readonly file?: string | undefined;
}

/** A key with where it lies. */
export interface OpenedKey {
  readonly key: SigningKey;
  readonly source: 'environment' | 'file' | 'state_root';
  /** It lies beside the log: who can write the log can sign what they wrote. */
  readonly coLocated: boolean;
  readonly path?: string;
  /** Made by this very call. */
  readonly created: boolean;
}

export interface OpenKeyOptions {
  readonly stateRoot: string;
  readonly source: SigningKeySource;
  readonly random: RandomSource;
  /** Told every secret text that is read or made, so that it never reaches a log. */
  readonly hide?: (secret: string) => void;
}

/**
 * The key for a log that ends with `last`. Makes one where neither a key nor a log is there yet. Throws `audit/key_...`
 * errors that name the key needed and what to do. Whoever calls holds the root's lock.
 */
export function openSigningKey(options: OpenKeyOptions, last: LedgerRow | undefined): OpenedKey {
  const opened = given(options) ?? ownKey(options, last);
  const needed = neededKey(last);
  if (needed !== undefined && opened.key.keyId !== needed) throw mismatch(opened, needed);
  return opened;
}

/** The key that the next entry is to be sealed with; undefined where there is none yet. */
export function neededKey(last: LedgerRow | undefined): string | undefined {
  const entry = last && readEntryBody(last.body);
  return (entry && keyChangeOf(entry)?.newKeyId) ?? last?.keyId;
}

function given({ source, stateRoot, hide }: OpenKeyOptions): OpenedKey | undefined {
  const { inline, file } = source;
  if (inline !== undefined && file !== undefined) {
    throw new KheishError(
      'audit/key_invalid',
      `${KEY_VARIABLE} and ${KEY_FILE_VARIABLE} are mutually exclusive.`,
    );
  }
  if (inline !== undefined) {
    hide?.(inline.trim());
    const seed = parseSeed(Buffer.from(inline), `The value of ${KEY_VARIABLE}`);
    return { key: keyOf(seed, hide), source: 'environment', coLocated: false, created: false };
  }
  if (file === undefined) return undefined;
  const seed = readKeyFile(file);
  if (seed === undefined) {
    throw new KheishError(
      'audit/key_missing',
      `${KEY_FILE_VARIABLE} names a file that is not there.`,
    );
  }
  const coLocated = isInside(stateRoot, file);
  return { key: keyOf(seed, hide), source: 'file', coLocated, path: file, created: false };
}

/** Of the key that the environment gives; undefined where it gives none, or none that can be used any more. */
export function givenKeyId({ inline, file }: SigningKeySource): string | undefined {
  try {
    const seed =
      inline === undefined
        ? file && readKeyFile(file)
        : parseSeed(Buffer.from(inline), KEY_VARIABLE);
    return seed ? new SigningKey(seed).keyId : undefined;
  } catch (error) {
    if (error instanceof KheishError) return undefined;
    throw error;
  }
}

function ownKey(
  { stateRoot, random, hide }: OpenKeyOptions,
  last: LedgerRow | undefined,
): OpenedKey {
  const path = keyFileOf(stateRoot);
  const own = { source: 'state_root', coLocated: true, path } as const;
  const needed = neededKey(last);
  finishRotation(path, needed);
  const seed = readKeyFile(path);
  if (seed !== undefined) return { ...own, key: keyOf(seed, hide), created: false };
  if (last !== undefined) throw missing(path, needed ?? 'of the entries before');
  const fresh = newSeed(random);
  createKeyFile(path, fresh);
  return { ...own, key: keyOf(fresh, hide), created: true };
}

/** The place of a key that is to replace the root's own, until the log has announced it. */
export function nextKeyFileOf(path: string): string {
  return `${path}.next`;
}

/** A rotation that was killed after the announcement: the key that the log waits for takes its place. */
function finishRotation(path: string, needed: string | undefined): void {
  const next = nextKeyFileOf(path);
  const seed = readKeyFile(next);
  if (seed === undefined) return;
  if (new SigningKey(seed).keyId === needed) writeKeyFile(path, seed);
  removeKeyFile(next);
}

export function keyOf(seed: Uint8Array, hide?: (secret: string) => void): SigningKey {
  const bytes = Buffer.from(seed);
  for (const form of ['hex', 'base64', 'base64url'] as const) hide?.(bytes.toString(form));
  return new SigningKey(seed);
}

function missing(path: string, needed: string): KheishError {
  return new KheishError(
    'audit/key_missing',
    `The audit of this state root is sealed with key ${needed}, and ${path} is not there. Restore that file, or set ${KEY_VARIABLE} or ${KEY_FILE_VARIABLE} to that key. If it is lost for good, "kheish audit rotate-key --lost-key --offline --state-root DIR" begins anew with a mark that verifiers show.`,
  );
}

function mismatch(opened: OpenedKey, needed: string): KheishError {
  const where = { environment: KEY_VARIABLE, file: KEY_FILE_VARIABLE, state_root: opened.path };
  return new KheishError(
    'audit/key_mismatch',
    `The audit of this state root goes on with key ${needed}; ${where[opened.source]} has ${opened.key.keyId}. Give the key of this root; to change it, use "kheish audit rotate-key", or with --lost-key where the old one is gone.`,
  );
}
