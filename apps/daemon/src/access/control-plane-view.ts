import { readFileSync } from 'node:fs';
import type { TokenStore } from '@kheish/auth-store';
import type { ControlPlaneView } from '@kheish/core-model';
import type { Access } from '@kheish/http-api';
import type { DaemonOptions } from '../lifecycle/daemon-options.ts';
import { type TokenSource, isLoopback } from './access-policy.ts';

type TokenFile = ControlPlaneView['auth_token_files'][number];

/** How the door stands at this moment, for the status. Nothing of it opens the door. */
export function controlPlaneView(
  options: Pick<DaemonOptions, 'auth' | 'bind' | 'corsAllowOrigins'>,
  access: Access,
  tokens: Pick<TokenStore, 'active'>,
  address: string,
): ControlPlaneView {
  const { auth, bind, corsAllowOrigins: origins = [] } = options;
  const admin = look('admin', auth.admin);
  const reader = look('readonly', auth.readonly);
  const duplicate = admin.token !== undefined && admin.token === reader.token;
  const active = tokens.active();
  const named = (role: 'admin' | 'readonly') => (active.get(role) ?? 0) > 0;
  const files = [admin.file, reader.file].filter((file) => file !== undefined);
  const local = isLoopback(bind.host);
  return {
    base_url: `http://${address}`,
    bind_addr: address,
    bind_is_loopback: local,
    bind_is_unspecified: /^(0\.0\.0\.0|\[?::\]?)$/.test(bind.host),
    auth_mode: auth.mode,
    auth_enabled: access.enabled,
    read_only_token_enabled: access.enabled && auth.readonly !== undefined,
    auth_effective_admin_token_available:
      (admin.token !== undefined && !duplicate) || named('admin'),
    auth_effective_read_only_token_available:
      (reader.token !== undefined && !duplicate) || named('readonly'),
    auth_token_file_count: files.length,
    auth_token_file_error_count: files.filter(({ error }) => error !== undefined).length,
    auth_duplicate_token: duplicate,
    auth_token_files: files,
    named_token_count: [...active.values()].reduce((sum, count) => sum + count, 0),
    cors_policy: origins.length === 0 ? 'loopback' : 'exact',
    cors_allowed_origin_count: origins.length,
    externally_exposed_without_auth: !local && !access.enabled,
  };
}

function look(
  role: TokenFile['role'],
  source: TokenSource | undefined,
): { readonly token?: string; readonly file?: TokenFile } {
  if (source === undefined) return {};
  if ('value' in source) return { token: source.value };
  const { file: path } = source;
  try {
    const token = readFileSync(path, 'utf8').trim();
    if (token !== '') return { token, file: { role, path, readable: true, token_loaded: true } };
    return { file: { role, path, readable: true, token_loaded: false, error: 'It is empty.' } };
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException;
    const told = `It cannot be read: ${code}.`;
    return { file: { role, path, readable: false, token_loaded: false, error: told } };
  }
}
