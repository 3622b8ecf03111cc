import { TokenStore, type TokenStoreOptions } from '@kheish/auth-store';
import type { Access } from '@kheish/http-api';
import type { DaemonOptions } from '../lifecycle/daemon-options.ts';
import { accessPolicy } from './access-policy.ts';
import { AuthFailureLog } from './auth-failure-log.ts';
import { checkCorsOrigins } from './cors-origins.ts';

/** Who comes in, and who did not. */
export interface AccessParts {
  readonly tokens: TokenStore;
  readonly access: Access;
  readonly authFailures: AuthFailureLog;
}

/** Throws `config/invalid_configuration` for what would leave the API open by accident. */
export function openAccess(options: DaemonOptions, parts: TokenStoreOptions): AccessParts {
  const { auth, bind, corsAllowOrigins = [], log, redactor } = options;
  checkCorsOrigins(corsAllowOrigins);
  const tokens = new TokenStore(parts);
  const access = accessPolicy({
    ...auth,
    bindHost: bind.host,
    named: tokens,
    hide: (token) => redactor.add(token),
  });
  return { tokens, access, authFailures: new AuthFailureLog(parts.store, redactor, log) };
}
