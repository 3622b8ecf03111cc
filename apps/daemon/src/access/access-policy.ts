import { readFileSync } from 'node:fs';
import { type TokenStore, tokenDigest, tokenIdOf, tokenMatches } from '@kheish/auth-store';
import { KheishError } from '@kheish/core-model';
import type { Access, Caller } from '@kheish/http-api';

export type AuthMode = 'auto' | 'none' | 'bearer';

/** A token, or the file that it is read from at each request. */
export type TokenSource = { readonly value: string } | { readonly file: string };

export interface AccessOptions {
  readonly mode: AuthMode;
  readonly bindHost: string;
  readonly admin?: TokenSource;
  readonly readonly?: TokenSource;
  /** The named tokens of the state root. */
  readonly named: Pick<TokenStore, 'any' | 'active' | 'holderOf'>;
  /** Is told each token before it is of use, also one that a file has later. */
  readonly hide: (token: string) => void;
}

const loopback = /^(?:localhost|127(?:\.[0-9]{1,3}){3}|\[?::1\]?)$/i;

export function isLoopback(host: string): boolean {
  return loopback.test(host);
}

function refuse(sentence: string): never {
  throw new KheishError('config/invalid_configuration', sentence);
}

/** Undefined where the token cannot be had now: then it does not work. */
function currentToken(source: TokenSource | undefined): string | undefined {
  if (source === undefined) return undefined;
  if ('value' in source) return source.value;
  try {
    const token = readFileSync(source.file, 'utf8').trim();
    return token === '' ? undefined : token;
  } catch {
    return undefined;
  }
}

/** Whether a text is the token of now. */
function matcher(
  source: TokenSource | undefined,
  hide: AccessOptions['hide'],
): (presented: string) => boolean {
  let known: string | undefined;
  return (presented) => {
    const token = currentToken(source);
    if (token === undefined) return false;
    if (token !== known) hide(token);
    known = token;
    return tokenMatches(presented, tokenDigest(token));
  };
}

function checkTokens(options: AccessOptions): void {
  for (const source of [options.admin, options.readonly]) {
    if (source === undefined) continue;
    if ('value' in source && source.value.trim() === '') refuse('A token is not blank.');
    if ('file' in source && currentToken(source) === undefined) {
      refuse(`The token file ${source.file} cannot be read, or is empty.`);
    }
  }
  const admin = currentToken(options.admin);
  if (admin !== undefined && admin === currentToken(options.readonly)) {
    refuse('The admin token and the read-only token must differ.');
  }
}

function checkMode({ mode, bindHost, admin, readonly, named }: AccessOptions): void {
  const local = isLoopback(bindHost);
  if (mode === 'none' && !local) {
    refuse(`--http-auth-mode none is for loopback only, not for ${bindHost}.`);
  }
  const hasAdmin = admin !== undefined || (named.active().get('admin') ?? 0) > 0;
  if (mode === 'none' || hasAdmin) return;
  const mend = 'or make a named one by `kheish tokens create --offline --role admin`';
  if (readonly !== undefined) refuse('A read-only token needs an admin token beside it.');
  if (mode === 'bearer') {
    refuse(`--http-auth-mode bearer needs --http-admin-token or its -file, ${mend}.`);
  }
  if (!local) {
    refuse(
      `Binding ${bindHost} lets other machines in: give --http-admin-token or --http-admin-token-file, ${mend}, or bind 127.0.0.1.`,
    );
  }
}

/**
 * Who may call the API. Throws `config/invalid_configuration` for a combination that would leave it open by
 * accident: above all a bind beyond loopback without an admin token. In mode `auto` a token is needed where an admin
 * token is given, and from the first named token on, for ever: were it only while one is active, the end of the last
 * one would let everybody in.
 */
export function accessPolicy(options: AccessOptions): Access {
  const { mode, admin, readonly, named, hide } = options;
  checkTokens(options);
  checkMode(options);
  const matchesAdmin = matcher(admin, hide);
  const matchesReader = matcher(readonly, hide);
  // The tokens of now are hidden before anyone comes.
  for (const matches of [matchesAdmin, matchesReader]) matches('');
  const hidden = new Set<string>();
  return {
    get enabled() {
      return mode !== 'none' && (mode === 'bearer' || admin !== undefined || named.any());
    },
    authenticate(presented): Caller | undefined {
      const isAdmin = matchesAdmin(presented);
      const isReader = matchesReader(presented);
      // Files that became equal would make readers admins: then neither counts.
      if (isAdmin && isReader) return undefined;
      if (isAdmin || isReader) return { role: isAdmin ? 'admin' : 'readonly' };
      const holder = named.holderOf(presented);
      if (holder === undefined) return undefined;
      if (!hidden.has(holder.tokenId)) hide(presented);
      hidden.add(holder.tokenId);
      return holder;
    },
    claimedTokenId: tokenIdOf,
  };
}
