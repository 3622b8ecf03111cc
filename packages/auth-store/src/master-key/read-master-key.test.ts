import { inspect } from 'node:util';
import { KheishError } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { MasterKey, generateMasterKey } from './master-key.ts';
import { readMasterKey, type MasterKeySource } from './read-master-key.ts';

const bytes = Uint8Array.from({ length: 32 }, (_, index) => index + 200);
const base64 = Buffer.from(bytes).toString('base64');
const raw = 'canary-key-of-thirty-two-bytes!!';

function fromFile(content: Uint8Array | string): Partial<MasterKeySource> {
  return { file: '/run/key', readFile: () => Buffer.from(content) };
}

function read(source: Partial<MasterKeySource>): MasterKey | undefined {
  return readMasterKey({
    readFile: () => {
      throw new Error('no file is to be read');
    },
    ...source,
  });
}

function refusal(source: Partial<MasterKeySource>): string {
  try {
    read(source);
  } catch (thrown) {
    if (!(thrown instanceof KheishError)) throw thrown;
    if (thrown.cause !== undefined || /canary/.test(inspect(thrown))) return 'a leak';
    return `${thrown.code}: ${thrown.message}`;
  }
  return 'none';
}

describe('the same key', () => {
  const { keyId } = new MasterKey(bytes);

  test.each<[string, Partial<MasterKeySource>]>([
    ['inline', { inline: base64 }],
    ['inline, with white space around it', { inline: ` \t${base64}\r\n` }],
    ['from a file', fromFile(base64)],
    ['from a file with a line break', fromFile(`${base64}\n`)],
  ])('%s', (_title, source) => {
    expect(read(source)?.keyId).toBe(keyId);
  });
});

test('32 bytes of UTF-8 are a key too', () => {
  expect(Buffer.from(raw)).toHaveLength(32);
  expect(read({ inline: raw })?.keyId).toBe(new MasterKey(Buffer.from(raw)).keyId);
  const umlauts = 'ü'.repeat(16);
  expect(read(fromFile(umlauts))?.keyId).toBe(new MasterKey(Buffer.from(umlauts)).keyId);
});

test('32 hex digits are 32 bytes, although they would pass for base64 of 24', () => {
  const hex = '0123456789abcdef0123456789abcdef';
  expect(Buffer.from(hex, 'base64').toString('base64')).toBe(hex);
  expect(read({ inline: hex })?.keyId).toBe(new MasterKey(new TextEncoder().encode(hex)).keyId);
});

/** Whether `use` leaves the key in the memory that small buffers share, and take from front to back. */
function staysAfter(use: () => void, key: Uint8Array): boolean {
  for (;;) {
    const before = Buffer.from('probe');
    use();
    const after = Buffer.from('probe');
    if (before.buffer !== after.buffer) continue;
    const taken = Buffer.from(
      before.buffer,
      before.byteOffset,
      after.byteOffset - before.byteOffset,
    );
    return taken.includes(Buffer.from(key.buffer, key.byteOffset, key.length));
  }
}

describe('no copy of the key stays in the memory that buffers share', () => {
  test.each<[string, string, Uint8Array]>([
    ['base64', base64, bytes],
    ['UTF-8', raw, new TextEncoder().encode(raw)],
  ])('read from %s', (_title, inline, key) => {
    expect(staysAfter(() => void Buffer.from(key), key)).toBe(true);
    expect(staysAfter(() => void read({ inline }), key)).toBe(false);
  });

  test('nor of one that has another length', () => {
    const short = new TextEncoder().encode(raw.slice(1));
    expect(staysAfter(() => void refusal({ inline: raw.slice(1) }), short)).toBe(false);
  });
});

test('without either variable there is no key', () => {
  expect(read({})).toBeUndefined();
});

describe('refusals tell nothing of what was given', () => {
  const wrongLength =
    'secrets/master_key_invalid: The master key must be 32 bytes, or the base64 of 32 bytes; `secrets generate` makes one.';
  const empty = 'secrets/master_key_invalid: The master key is empty.';

  test.each<[string, Partial<MasterKeySource>, string]>([
    [
      'both',
      { inline: raw, ...fromFile(raw) },
      'secrets/master_key_invalid: KHEISH_AUTH_STORE_MASTER_KEY and KHEISH_AUTH_STORE_MASTER_KEY_FILE are mutually exclusive.',
    ],
    ['empty', { inline: '' }, empty],
    ['blank', { inline: ' \n' }, empty],
    ['an empty file', fromFile('\n'), empty],
    ['31 bytes', { inline: raw.slice(1) }, wrongLength],
    ['33 bytes', { inline: `${raw}!` }, wrongLength],
    ['32 characters of more bytes', { inline: 'ü'.repeat(32) }, wrongLength],
    ['base64 of 31 bytes', { inline: Buffer.alloc(31, 1).toString('base64') }, wrongLength],
    ['base64 without padding', { inline: base64.slice(0, -1) }, wrongLength],
    ['base64 of the other alphabet', { inline: base64.replace('/', '_') }, wrongLength],
    ['hex', { inline: Buffer.from(bytes).toString('hex') }, wrongLength],
    [
      'raw bytes that are not UTF-8',
      fromFile(bytes),
      'secrets/master_key_invalid: The file that KHEISH_AUTH_STORE_MASTER_KEY_FILE names is not UTF-8 text; raw keys are stored as base64.',
    ],
    [
      'a path that does not exist',
      {
        file: raw,
        readFile: (path) => {
          throw Object.assign(new Error(`ENOENT: ${path}`), { code: 'ENOENT' });
        },
      },
      'secrets/master_key_invalid: The file that KHEISH_AUTH_STORE_MASTER_KEY_FILE names cannot be read (ENOENT).',
    ],
    ...[`ENOENT ${raw}`, `${raw} ENOENT`, 'ERR_INVALID_ARG_VALUE', 2, undefined].map(
      (code): [string, Partial<MasterKeySource>, string] => [
        `a file whose reader fails with ${code}`,
        {
          file: raw,
          readFile: () => {
            throw Object.assign(new Error(raw), { code });
          },
        },
        'secrets/master_key_invalid: The file that KHEISH_AUTH_STORE_MASTER_KEY_FILE names cannot be read.',
      ],
    ),
  ])('%s', (_title, source, message) => {
    expect(refusal(source)).toBe(message);
  });

  test('the alphabet case above has a slash to replace', () => {
    expect(base64).toContain('/');
  });
});

test('generateMasterKey makes what readMasterKey takes', () => {
  const text = generateMasterKey({ bytes: (count) => bytes.slice(0, count) });
  expect(text).toBe(base64);
  expect(read({ inline: text })?.keyId).toBe(new MasterKey(bytes).keyId);
});
