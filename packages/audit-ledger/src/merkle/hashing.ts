import { hash as nativeHash } from 'node:crypto';
import { sha256 } from '@noble/hashes/sha2.js';

/** SHA-256 of a text's UTF-8, or of bytes. */
export type Sha256 = (data: string | Uint8Array) => Uint8Array;

export const nativeSha256: Sha256 = (data) => nativeHash('sha256', data, 'buffer');

const utf8 = new TextEncoder();

/** The same by @noble/hashes. */
export const portableSha256: Sha256 = (data) =>
  sha256(typeof data === 'string' ? utf8.encode(data) : data);

/** The two hashes of a log, RFC 6962 section 2.1: a leaf can never pass for a node. */
export interface TreeHashing {
  leaf(body: string): Uint8Array;
  node(left: Uint8Array, right: Uint8Array): Uint8Array;
  /** Of no leaves. */
  readonly empty: Uint8Array;
}

export function treeHashing(hash: Sha256): TreeHashing {
  // Hashing takes it in at once: one is enough for all nodes.
  const both = new Uint8Array(65);
  both[0] = 1;
  return {
    leaf: (body) => hash(`\0${body}`),
    node: (left, right) => {
      both.set(left, 1);
      both.set(right, 33);
      return hash(both);
    },
    empty: hash(''),
  };
}

export const nativeTree = treeHashing(nativeSha256);

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

export function toHex(bytes: Uint8Array): string {
  if (bytes instanceof Buffer) return bytes.toString('hex');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
}

/** Of what is known to be lower-case hex. */
export function fromHex(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex, 'hex'));
}
