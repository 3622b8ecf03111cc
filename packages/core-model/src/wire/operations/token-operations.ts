import { AuthFailure } from '../../access/auth-failure.ts';
import { pageOf, pageQuery } from '../page.ts';
import { ApiTokenView, CreateTokenRequest, CreatedToken } from '../token-view.ts';
import type { Operation } from './operation.ts';

/** Named tokens, and who was not let in. Not idempotent: a kept answer would have the token in it. */
export const tokenOperations = {
  listTokens: {
    method: 'GET',
    path: '/v1/tokens',
    access: 'admin',
    summary: 'Named tokens, oldest first, never the tokens themselves.',
    query: pageQuery,
    status: 200,
    response: pageOf(ApiTokenView),
  },
  createToken: {
    method: 'POST',
    path: '/v1/tokens',
    access: 'admin',
    summary: 'Make a named token; this answer is the only one that shows it.',
    body: CreateTokenRequest,
    status: 201,
    response: CreatedToken,
  },
  revokeToken: {
    method: 'DELETE',
    path: '/v1/tokens/{token_id}',
    access: 'admin',
    summary: 'Revoke a named token: from this answer on it opens nothing, and its streams are cut.',
    status: 200,
    response: ApiTokenView,
  },
  listAuthFailures: {
    method: 'GET',
    path: '/v1/auth/failures',
    access: 'admin',
    summary: 'Who was not let in, newest first.',
    query: pageQuery,
    status: 200,
    response: pageOf(AuthFailure),
  },
} as const satisfies Record<string, Operation>;
