import { statSync } from 'node:fs';
import type { SecretsImport } from '@kheish/client-sdk';
import { UsageError } from '../failure.ts';
import { readText } from '../global-options.ts';

const importable = new Set(['generic', 'anthropic', 'google', 'open_ai', 'open_router', 'x_ai']);

/** Names that a JSON object of others cannot have safely: whoever reads it leaves them out. */
const lostNames = new Set(['__proto__', 'constructor', 'prototype']);

interface Snapshot {
  readonly snapshot: Pick<SecretsImport, 'slots'>;
  /** What is in it, in words. */
  readonly contents: string;
}

/** The slots of a file in plain text, as far as their kind goes; whoever writes them looks at the rest. */
export function readSnapshot(path: string, allowReadable: boolean): Snapshot {
  const text = readText(path, 'import');
  const mode = statSync(path).mode & 0o077;
  if (mode !== 0 && !allowReadable) {
    throw new UsageError(
      `${path} can be read by other users. Close it (chmod 600 ${path}) and exchange what was in it, or import it with --allow-readable.`,
    );
  }
  const slots = slotsOf(path, text);
  const lost = Object.keys(slots).filter((id) => lostNames.has(id));
  if (lost.length > 0) {
    throw new UsageError(
      `${path} names a slot ${lost.join(', ')}: rename it. Nothing was imported.`,
    );
  }
  const kinds = Object.entries(slots).map(([id, slot]) => ({ id, ...kindOf(slot) }));
  const others = kinds.filter(({ provider, mode: kind }) => {
    return !importable.has(provider) || kind === 'oauth_account' || kind === 'o_auth_account';
  });
  if (others.length > 0) {
    const names = others.map(({ id, provider, mode: kind }) => `${id} (${provider} ${kind})`);
    throw new UsageError(
      `${path} has slots that cannot be imported: ${names.join(', ')}. Take them out of the file; nothing was imported.`,
    );
  }
  const providers = kinds.map(({ provider }) => provider).toSorted();
  const contents = `${kinds.length} slots (${[...new Set(providers)].join(', ')})`;
  return { snapshot: { slots: slots as SecretsImport['slots'] }, contents };
}

function slotsOf(path: string, text: string): Readonly<Record<string, unknown>> {
  const value = parsed(path, text);
  if (isObject(value) && 'ciphertext' in value) {
    throw new UsageError(`${path} is encrypted; only a snapshot in plain text can be imported.`);
  }
  if (!isObject(value) || !isObject(value['slots'])) {
    throw new UsageError(`${path} is no snapshot of secrets: it has no "slots".`);
  }
  return value['slots'];
}

/** What JSON.parse says of an error repeats the text. */
function parsed(path: string, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new UsageError(`${path} is not JSON.`);
  }
}

function kindOf(slot: unknown): { provider: string; mode: string } {
  const { provider, mode } = isObject(slot) ? slot : {};
  return { provider: word(provider), mode: word(mode) };
}

function word(value: unknown): string {
  return typeof value === 'string' ? value.slice(0, 40) : '?';
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
