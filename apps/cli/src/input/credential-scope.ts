import type { CredentialScope } from '@kheish/client-sdk';
import type { Command } from 'commander';
import { inlineOrFile, parseObject } from './json-source.ts';

export interface CredentialScopeFlags {
  readonly credentialScopeJson?: string;
  readonly credentialScopeFile?: string;
}

export function addCredentialScopeOptions(command: Command): Command {
  return command
    .option('--credential-scope-json <json>', 'what its runs may use: see docs/credentials.md')
    .option('--credential-scope-file <path>', 'the same from a file');
}

/** The scope that was given, if one was; the daemon says whether it is one. */
export function credentialScopeOf(flags: CredentialScopeFlags): CredentialScope | undefined {
  const { credentialScopeJson: json, credentialScopeFile: file } = flags;
  const source = inlineOrFile('credential-scope', json, file);
  return source === undefined ? undefined : parseObject(source, 'the credential scope');
}
