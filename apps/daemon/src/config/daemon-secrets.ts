import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import { type MasterKey, type Redactor, readMasterKey } from '@kheish/auth-store';
import { KheishError } from '@kheish/core-model';
import type { TokenSource as Token } from '../access/access-policy.ts';
import type { MasterKeySource, ServeOptions, TokenSource } from '../serve-options.ts';

/** Variables whose values nothing but this start needs: they leave the environment with it. */
const secretVariables = [
  'KHEISH_AUTH_STORE_MASTER_KEY',
  'KHEISH_API_KEY',
  'KHEISH_DAEMON_ADMIN_TOKEN',
  'KHEISH_DAEMON_READONLY_TOKEN',
];

/** The text of a key, and what is encoded in it where that is a text, too. */
export function hideKey(text: string, hide: (secret: string) => void): void {
  hide(text.trim());
  const decoded = Buffer.from(text, 'base64');
  if (isUtf8(decoded)) hide(decoded.toString());
}

/** The master key; `hide` is told the text of its file, where it is in one. */
export function masterKeyOf(
  source: MasterKeySource,
  hide: (secret: string) => void = () => undefined,
): MasterKey | undefined {
  const readFile = (path: string) => {
    const bytes = readFileSync(path);
    hideKey(bytes.toString('utf8'), hide);
    return bytes;
  };
  if (source.inline !== undefined) hideKey(source.inline, hide);
  return readMasterKey({ ...source, readFile });
}

/** Keeps every secret that the daemon was told, however it was told, out of the log. */
export function hideSecrets(options: ServeOptions, redactor: Redactor): void {
  const { adminToken, readonlyToken, masterKeySource, signingKeySource, singleRoute } = options;
  const told = [
    adminToken.value,
    readonlyToken.value,
    masterKeySource.inline,
    signingKeySource.inline,
    singleRoute.apiKey,
  ];
  for (const secret of told) if (secret !== undefined) redactor.add(secret.trim());
}

/** Takes secrets out of the environment once they are read, and keeps them out of the log. */
export function scrubEnvironment(environment: NodeJS.ProcessEnv, redactor: Redactor): void {
  for (const name of secretVariables) {
    const value = environment[name];
    if (value === undefined) continue;
    redactor.add(value.trim());
    delete environment[name];
  }
}

/** A token that was told in at most one way. */
export function tokenOf(flag: string, source: TokenSource): Token | undefined {
  const { value, file } = source;
  if (value !== undefined && file !== undefined) {
    throw new KheishError(
      'config/invalid_configuration',
      `${flag} and ${flag}-file exclude each other.`,
    );
  }
  if (value !== undefined) return { value: value.trim() };
  return file === undefined ? undefined : { file };
}

/** Files that the configuration names as secret: no tool may see them. */
export function secretFilesOf(options: ServeOptions): string[] {
  const { adminToken, readonlyToken, masterKeySource, signingKeySource } = options;
  const files = [adminToken.file, readonlyToken.file, masterKeySource.file, signingKeySource.file];
  return files.filter((file) => file !== undefined);
}
