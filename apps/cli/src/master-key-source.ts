import type { MasterKeySource } from '@kheish/daemon';

const INLINE = 'KHEISH_AUTH_STORE_MASTER_KEY';
const FILE = 'KHEISH_AUTH_STORE_MASTER_KEY_FILE';

/** Takes the master key out of the environment, so that no child inherits it. */
export function takeMasterKeySource(): MasterKeySource {
  const { [INLINE]: inline, [FILE]: file } = process.env;
  delete process.env[INLINE];
  delete process.env[FILE];
  return { ...(inline !== undefined && { inline }), ...(file !== undefined && { file }) };
}
