import { renameSync } from 'node:fs';
import { resolve } from 'node:path';
import { KheishError, type RandomSource } from '@kheish/core-model';
import type { LedgerRow, Store } from '@kheish/state-store';
import {
  createKeyFile,
  isInside,
  keyFileOf,
  readKeyFile,
  removeKeyFile,
  syncDirectoryOf,
  writeKeyFile,
} from './key-file.ts';
import {
  KEY_FILE_VARIABLE,
  type OpenedKey,
  type SigningKeySource,
  givenKeyId,
  keyOf,
  neededKey,
  nextKeyFileOf,
} from './open-key.ts';
import { SigningKey, newSeed } from './signing-key.ts';

export interface MovedKey {
  readonly key_id: string;
  /** Where the key is now. */
  readonly path: string;
  /** What the next start needs. */
  readonly next: string;
}

/**
 * Takes the root's own key out of it. There is a readable key at every moment; said again after a kill it goes on.
 * Throws `audit/key_...`. Whoever calls holds the root's lock.
 */
export function relocateKey(stateRoot: string, place: string): MovedKey {
  const to = resolve(place);
  const own = keyFileOf(stateRoot);
  if (isInside(stateRoot, to)) {
    throw new KheishError(
      'audit/key_invalid',
      `${to} is in the state root too: give a place elsewhere.`,
    );
  }
  const seed = readKeyFile(own);
  const there = readKeyFile(to);
  if (seed === undefined) {
    throw new KheishError('audit/key_missing', `There is no key at ${own} to move.`);
  }
  const { keyId } = new SigningKey(seed);
  if (there === undefined) createKeyFile(to, seed);
  const copied = readKeyFile(to);
  if (copied === undefined || new SigningKey(copied).keyId !== keyId) {
    throw new KheishError('audit/key_conflict', `${to} holds another key.`);
  }
  removeKeyFile(own);
  return { key_id: keyId, path: to, next: startWith(to) };
}

export interface RotatedKey extends MovedKey {
  readonly old_key_id: string;
  readonly continuity: 'announced' | 'lost';
}

/** A new key that is written down already, and what to do once the log knows of it. */
export interface KeyToBe {
  readonly key: SigningKey;
  /** After the commit: the new key takes the place of the old one. */
  settle(): Omit<MovedKey, 'key_id'>;
}

/** Makes a key, and writes it to `to`, or beside the root's own. Throws `audit/key_...`. */
export function prepareKey(options: {
  readonly stateRoot: string;
  readonly random: RandomSource;
  readonly to: string | undefined;
  /** The key in force; absent where it is lost. */
  readonly old: OpenedKey | undefined;
  readonly hide?: (secret: string) => void;
}): KeyToBe {
  const { stateRoot, random, old } = options;
  const to = options.to && resolve(options.to);
  const seed = newSeed(random);
  const key = keyOf(seed, options.hide);
  const own = keyFileOf(stateRoot);
  if (to !== undefined) {
    createKeyFile(to, seed);
    return {
      key,
      settle: () => {
        if (old?.source === 'state_root') removeKeyFile(own);
        return { path: to, next: startWith(to) };
      },
    };
  }
  if (old !== undefined && old.source !== 'state_root') {
    throw new KheishError(
      'audit/key_conflict',
      'The key is not kept in the state root: give --to FILE for the new one.',
    );
  }
  const next = nextKeyFileOf(own);
  writeKeyFile(next, seed);
  return {
    key,
    settle: () => {
      renameSync(next, own);
      syncDirectoryOf(own);
      return {
        path: own,
        next: `nothing; "kheish audit relocate-key" would move it out of the root`,
      };
    },
  };
}

/** The old key announces the new one, in a root that is open with the old one. */
export async function rotateKey(
  store: Store,
  old: OpenedKey,
  options: { readonly random: RandomSource; readonly to: string | undefined },
): Promise<RotatedKey> {
  const stateRoot = store.root.stateRoot;
  const toBe = prepareKey({ ...options, stateRoot, old });
  return settled(store, toBe, old.key.keyId, 'announced');
}

/** The new key says that the old one is lost, in a root that is open with the new one. */
export function replaceLostKey(store: Store, toBe: KeyToBe, lost: string): Promise<RotatedKey> {
  return settled(store, toBe, lost, 'lost');
}

/** The key that is lost. Throws `audit/key_conflict` where it is not. */
export function lostKey(
  stateRoot: string,
  last: LedgerRow | undefined,
  source: SigningKeySource = {},
): string {
  const needed = neededKey(last);
  if (needed === undefined) {
    throw new KheishError('audit/key_conflict', 'The audit has no entries yet: no key is lost.');
  }
  if (givenKeyId(source) === needed) {
    throw new KheishError(
      'audit/key_conflict',
      `The key ${needed} is not lost: the environment has it. Without --lost-key it announces a new one.`,
    );
  }
  const own = keyFileOf(stateRoot);
  const seed = readKeyFile(own);
  if (seed === undefined) return needed;
  const there = new SigningKey(seed).keyId;
  throw new KheishError(
    'audit/key_conflict',
    there === needed
      ? `The key ${needed} is not lost: it is ${own}. Without --lost-key it announces a new one.`
      : `${own} holds another key, ${there}; move it away first.`,
  );
}

async function settled(
  store: Store,
  toBe: KeyToBe,
  oldKeyId: string,
  continuity: 'announced' | 'lost',
): Promise<RotatedKey> {
  const { key } = toBe;
  await store.commit({
    load: {},
    decide: (state) =>
      state.record({
        type: 'audit_key_changed',
        old_key_id: oldKeyId,
        new_key_id: key.keyId,
        continuity,
      }),
  });
  return { old_key_id: oldKeyId, key_id: key.keyId, continuity, ...toBe.settle() };
}

function startWith(path: string): string {
  return `start the daemon with ${KEY_FILE_VARIABLE}=${path}`;
}
