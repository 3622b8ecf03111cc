import { KheishError } from '@kheish/core-model';
import { parseMasterKey, type MasterKey } from './master-key.ts';

const INLINE = 'KHEISH_AUTH_STORE_MASTER_KEY';
const FILE = 'KHEISH_AUTH_STORE_MASTER_KEY_FILE';

export interface MasterKeySource {
  /** The value of `KHEISH_AUTH_STORE_MASTER_KEY`. */
  readonly inline?: string | undefined;
  /** The value of `KHEISH_AUTH_STORE_MASTER_KEY_FILE`. */
  readonly file?: string | undefined;
  readonly readFile: (path: string) => Uint8Array;
}

function invalid(sentence: string): KheishError {
  return new KheishError('secrets/master_key_invalid', sentence);
}

/** The text of the file. Neither path nor cause is told: a key set in the wrong variable would be the path. */
function textOf(source: MasterKeySource, path: string): string {
  let bytes: Uint8Array;
  try {
    bytes = source.readFile(path);
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code;
    const reason = typeof code === 'string' && /^E[A-Z]+$/.test(code) ? ` (${code})` : '';
    throw invalid(`The file that ${FILE} names cannot be read${reason}.`);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw invalid(`The file that ${FILE} names is not UTF-8 text; raw keys are stored as base64.`);
  }
}

/**
 * The master key that the environment names; undefined where it names none.
 * Throws `secrets/master_key_invalid`, never with what was given.
 */
export function readMasterKey(source: MasterKeySource): MasterKey | undefined {
  const { inline, file } = source;
  if (inline !== undefined && file !== undefined) {
    throw invalid(`${INLINE} and ${FILE} are mutually exclusive.`);
  }
  if (inline !== undefined) return parseMasterKey(inline);
  return file === undefined ? undefined : parseMasterKey(textOf(source, file));
}
