import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { KheishError } from '@kheish/core-model';
import { systemRandom } from '@kheish/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createLedgerSealer } from '../seal/seal.ts';
import { codesOf } from '../testing/exported.ts';
import { LedgerRoot } from '../testing/ledger-root.ts';
import { MemoryLedger, testKey } from '../testing/memory-ledger.ts';
import { verifyLedger } from '../verify/verify-ledger.ts';
import { createKeyFile, keyFileOf, readKeyFile } from './key-file.ts';
import { lostKey, prepareKey, relocateKey, replaceLostKey, rotateKey } from './move-key.ts';
import { type OpenedKey, type SigningKeySource, openSigningKey } from './open-key.ts';
import { SigningKey } from './signing-key.ts';

const seed = Uint8Array.from({ length: 32 }, (_, index) => index + 200);
const keyId = new SigningKey(seed).keyId;
const bytes = Buffer.from(seed);

let directory = '';
let stateRoot = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'audit-key-'));
  stateRoot = mkdtempSync(join(directory, 'root-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function open(source: SigningKeySource = {}, last = new MemoryLedger().rows.at(-1)): OpenedKey {
  return openSigningKey({ stateRoot, source, random: systemRandom }, last);
}

function refusal(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (!(thrown instanceof KheishError)) throw thrown;
    if (inspect(thrown).includes(bytes.toString('hex').slice(8))) return 'a leak';
    return `${thrown.code}: ${thrown.message}`;
  }
  return 'none';
}

function fileWith(content: string | Uint8Array): string {
  const path = join(directory, 'given.key');
  writeFileSync(path, content);
  return path;
}

test('RFC 8032 section 7.1: the public key of a secret one, and its signature', () => {
  const key = new SigningKey(
    Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex'),
  );
  expect(key.keyId).toBe('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a');
  expect(Buffer.from(key.sign('')).toString('hex')).toBe(
    'e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b',
  );
  expect(inspect(key, { showHidden: true, depth: 9 })).not.toContain('9d61b19d');
});

describe('the same key', () => {
  const forms: [string, string | Uint8Array][] = [
    ['JSON', JSON.stringify({ algorithm: 'ed25519', secret_key_hex: bytes.toString('hex') })],
    ['hex', bytes.toString('hex')],
    ['base64url', bytes.toString('base64url')],
    ['base64', `${bytes.toString('base64')}\n`],
  ];
  test.each(forms)('as %s, in the variable and in a file', (_title, form) => {
    const inline = open({ inline: form as string });
    expect([inline.key.keyId, inline.source, inline.coLocated]).toEqual([
      keyId,
      'environment',
      false,
    ]);
    const file = open({ file: fileWith(form) });
    expect([file.key.keyId, file.source, file.coLocated]).toEqual([keyId, 'file', false]);
  });

  test('as 32 raw bytes in a file', () => {
    expect(open({ file: fileWith(seed) }).key.keyId).toBe(keyId);
  });
});

test.each<[string, () => SigningKeySource, string]>([
  [
    'both variables',
    () => ({ inline: 'a', file: 'b' }),
    'audit/key_invalid: KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY and',
  ],
  [
    'no file',
    () => ({ file: join(directory, 'none') }),
    'audit/key_missing: KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY_FILE names',
  ],
  ['31 bytes', () => ({ file: fileWith(seed.slice(1)) }), 'audit/key_invalid: '],
  [
    'short hex',
    () => ({ inline: bytes.toString('hex').slice(2) }),
    'audit/key_invalid: The value of',
  ],
  [
    'another algorithm',
    () => ({
      inline: JSON.stringify({ algorithm: 'hmac', secret_key_hex: bytes.toString('hex') }),
    }),
    'audit/key_invalid: The value of',
  ],
  [
    'half a JSON',
    () => ({ inline: `{"algorithm":"ed25519","secret_key_hex":"${bytes.toString('hex')}` }),
    'audit/key_invalid: The value of',
  ],
  ['JSON null', () => ({ file: fileWith('{}') }), 'audit/key_invalid: '],
])('%s is refused, without the secret', (_title, source, start) => {
  expect(refusal(() => open(source()))).toMatch(new RegExp(`^${start}`));
});

describe('the key of a root that is given none', () => {
  test('is made once, for the owner alone, and every secret form of it is hidden', () => {
    const hidden: string[] = [];
    const first = openSigningKey(
      { stateRoot, source: {}, random: systemRandom, hide: (text) => hidden.push(text) },
      undefined,
    );
    expect(first).toMatchObject({ source: 'state_root', coLocated: true, created: true });
    const path = keyFileOf(stateRoot);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const { secret_key_hex: hex, algorithm } = JSON.parse(readFileSync(path, 'utf8')) as Record<
      string,
      string
    >;
    expect(algorithm).toBe('ed25519');
    expect(hidden).toContain(hex);
    expect(hidden).toContain(Buffer.from(hex ?? '', 'hex').toString('base64'));
    expect(open()).toMatchObject({ created: false, key: { keyId: first.key.keyId } });
    expect(readdirSync(stateRoot)).toEqual(['audit-signing.key']);
  });

  test('is not taken from what a kill left half', () => {
    writeFileSync(join(stateRoot, '.audit-signing.key.new'), '{"algorithm":"ed25519","secret_key_');
    expect(open()).toMatchObject({ created: true });
    expect(readdirSync(stateRoot)).toEqual(['audit-signing.key']);
  });

  test('is not made anew where the log has entries: the refusal names the key and what to do [holds audit.key_needed]', () => {
    const ledger = new MemoryLedger().grow(2);
    const told = refusal(() => open({}, ledger.rows.at(-1)));
    expect(told).toMatch(/^audit\/key_missing: /);
    expect(told).toContain(testKey(1).keyId);
    expect(told).toContain('--lost-key');
    expect(existsSync(keyFileOf(stateRoot))).toBe(false);
    const other = refusal(() => open({ inline: bytes.toString('hex') }, ledger.rows.at(-1)));
    expect(other).toMatch(/^audit\/key_mismatch: /);
    expect(other).toContain(testKey(1).keyId);
    expect(other).toContain(keyId);
    const unsigned = { index: 0, chain: 'a', body: '{}', recordHash: new Uint8Array() };
    expect(refusal(() => open({}, unsigned))).toMatch(/^audit\/key_missing: /);
  });

  test('lies beside the log through links too', () => {
    const path = join(stateRoot, 'mine.key');
    createKeyFile(path, seed);
    symlinkSync(path, join(directory, 'link.key'));
    expect(open({ file: join(directory, 'link.key') }).coLocated).toBe(true);
  });

  test('that cannot be read says so', () => {
    createKeyFile(keyFileOf(stateRoot), seed);
    rmSync(keyFileOf(stateRoot));
    symlinkSync(keyFileOf(stateRoot), keyFileOf(stateRoot));
    chmodSync(stateRoot, 0o700);
    expect(refusal(() => open())).toMatch(/^audit\/key_invalid: .*ELOOP/);
  });
});

describe('relocate-key', () => {
  test('leaves the key in one place, out of the root, and a killed one is done to its end', () => {
    const { key } = open();
    const to = join(directory, 'moved.key');
    expect(relocateKey(stateRoot, to)).toMatchObject({ key_id: key.keyId, path: to });
    expect(existsSync(keyFileOf(stateRoot))).toBe(false);
    expect(statSync(to).mode & 0o777).toBe(0o600);
    expect(open({ file: to })).toMatchObject({ coLocated: false, key: { keyId: key.keyId } });
    // As after a kill between the copy and the removal.
    createKeyFile(keyFileOf(stateRoot), readKeyFile(to) as Uint8Array);
    expect(relocateKey(stateRoot, to).key_id).toBe(key.keyId);
    expect(existsSync(keyFileOf(stateRoot))).toBe(false);
  });

  test.each<[string, () => string, string]>([
    ['into the root itself', () => join(stateRoot, 'other.key'), 'audit/key_invalid'],
    ['over another key', () => fileWith(seed), 'audit/key_conflict'],
    ['into no directory', () => join(directory, 'none', 'a.key'), 'audit/key_invalid'],
  ])('%s is refused, and the key stays', (_title, to, code) => {
    const { key } = open();
    expect(refusal(() => relocateKey(stateRoot, to()))).toContain(code);
    expect(open().key.keyId).toBe(key.keyId);
  });
});

/** A root with entries whose key is its own. */
async function withRoot(
  act: (
    root: LedgerRoot,
    first: string,
    reopen: () => ReturnType<LedgerRoot['open']>,
  ) => Promise<void>,
): Promise<void> {
  await using root = new LedgerRoot();
  const reopen = () =>
    root.open({
      sealer: (logId, last) =>
        createLedgerSealer(
          logId,
          openSigningKey({ stateRoot: root.path, source: {}, random: systemRandom }, last).key,
        ),
    });
  await root.act(reopen(), 1);
  await root.close();
  const first = new SigningKey(readKeyFile(keyFileOf(root.path)) as Uint8Array).keyId;
  await act(root, first, reopen);
}

const opened = (root: LedgerRoot): OpenedKey =>
  openSigningKey({ stateRoot: root.path, source: {}, random: systemRandom }, undefined);

describe('rotate-key', () => {
  test('has the old key announce the new one, and goes on with that', async () => {
    await withRoot(async (root, first, reopen) => {
      let store = reopen();
      const rotated = await rotateKey(store, opened(root), { random: systemRandom, to: undefined });
      expect(rotated).toMatchObject({ old_key_id: first, continuity: 'announced' });
      await root.close();
      store = reopen();
      await root.act(store, 1);
      const report = await verifyLedger(store.ledger, {
        logId: store.root.rootId,
        publicKeys: [first],
      });
      expect(report.key_ids).toEqual([first, rotated.key_id]);
      expect([report.ok, codesOf(report)]).toMatchObject([
        true,
        expect.arrayContaining(['independence established: known_key']),
      ]);
      expect(readdirSync(root.path).filter((name) => name.includes('key'))).toEqual([
        'audit-signing.key',
      ]);
    });
  });

  test('that is killed before the announcement changes nothing, after it is done at the next start', async () => {
    await withRoot(async (root, first, reopen) => {
      prepareKey({ stateRoot: root.path, random: systemRandom, to: undefined, old: opened(root) });
      let store = reopen();
      await root.act(store, 1);
      expect(store.ledger.entries({ from: 0, limit: 9 }).at(-1)?.keyId).toBe(first);
      const toBe = prepareKey({
        stateRoot: root.path,
        random: systemRandom,
        to: undefined,
        old: opened(root),
      });
      const event = {
        type: 'audit_key_changed',
        old_key_id: first,
        new_key_id: toBe.key.keyId,
        continuity: 'announced',
      } as const;
      await store.commit({ load: {}, decide: (state) => state.record(event) });
      await root.close();
      store = reopen();
      await root.act(store, 1);
      expect(store.ledger.entries({ from: 0, limit: 9 }).at(-1)?.keyId).toBe(toBe.key.keyId);
      expect((await verifyLedger(store.ledger, { logId: store.root.rootId })).ok).toBe(true);
    });
  });

  test('where the key is not in the root needs a place, and leaves the root without one', async () => {
    await withRoot(async (root, _first, reopen) => {
      const store = reopen();
      const elsewhere = { ...opened(root), source: 'environment' } as const;
      await expect(
        rotateKey(store, elsewhere, { random: systemRandom, to: undefined }),
      ).rejects.toMatchObject({ code: 'audit/key_conflict' });
      const to = join(directory, 'next.key');
      const { key_id } = await rotateKey(store, opened(root), { random: systemRandom, to });
      expect(existsSync(keyFileOf(root.path))).toBe(false);
      expect(new SigningKey(readKeyFile(to) as Uint8Array).keyId).toBe(key_id);
      await root.close();
      expect(refusal(reopen)).toContain(key_id);
    });
  });

  test('of a lost key is a boundary that a verifier shows, and only where it is lost', async () => {
    await withRoot(async (root, first, reopen) => {
      const lost: string[] = [];
      const replacing = (file?: string) => {
        let toBe: ReturnType<typeof prepareKey> | undefined;
        const store = root.open({
          sealer: (logId, last) => {
            lost.push(lostKey(root.path, last, { file }));
            toBe = prepareKey({
              stateRoot: root.path,
              random: systemRandom,
              to: undefined,
              old: undefined,
            });
            return createLedgerSealer(logId, toBe.key);
          },
        });
        return { store, toBe: toBe as ReturnType<typeof prepareKey> };
      };
      expect(refusal(replacing)).toMatch(/^audit\/key_conflict: .* is not lost/);
      const elsewhere = join(root.path, 'elsewhere.key');
      renameSync(keyFileOf(root.path), elsewhere);
      expect(refusal(() => replacing(elsewhere))).toMatch(/the environment has it/);
      rmSync(elsewhere);
      const { store, toBe } = replacing(elsewhere);
      const rotated = await replaceLostKey(store, toBe, lost[0] as string);
      expect(rotated).toMatchObject({ old_key_id: first, continuity: 'lost' });
      await root.close();
      const again = reopen();
      await root.act(again, 1);
      const report = await verifyLedger(again.ledger, { logId: again.root.rootId });
      expect([report.ok, codesOf(report)]).toMatchObject([
        true,
        expect.arrayContaining(['independence not_established: key_lost']),
      ]);
    });
  });
});
