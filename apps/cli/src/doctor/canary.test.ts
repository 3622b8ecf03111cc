import type { RunStatus } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { runView } from '../testing/views.ts';
import { verdictOf } from './canary.ts';

test.each<[RunStatus, string | undefined, 'passed' | 'failed', 'accepted' | 'refused' | 'unknown']>(
  [
    ['completed', undefined, 'passed', 'accepted'],
    ['cancelled', undefined, 'failed', 'unknown'],
    ['interrupted', undefined, 'failed', 'unknown'],
    ['waiting_for_approval', undefined, 'failed', 'unknown'],
    ['failed', 'models/authentication_failed', 'failed', 'refused'],
    ['failed', 'secrets/secret_not_found', 'failed', 'refused'],
    ['failed', 'secrets/master_key_mismatch', 'failed', 'refused'],
    ['failed', 'models/quota_exhausted', 'failed', 'accepted'],
    ['failed', 'models/invalid_request', 'failed', 'accepted'],
    ['failed', 'models/output_truncated', 'failed', 'accepted'],
    ['failed', 'models/refused', 'failed', 'accepted'],
    ['failed', 'models/rate_limited', 'failed', 'unknown'],
    ['failed', 'models/overloaded', 'failed', 'unknown'],
    ['failed', 'models/unavailable', 'failed', 'unknown'],
    ['failed', 'models/timeout', 'failed', 'unknown'],
    ['failed', 'models/stream_cut', 'failed', 'unknown'],
    ['failed', 'models/malformed_response', 'failed', 'unknown'],
    ['failed', 'egress/connect_failed', 'failed', 'unknown'],
    ['failed', 'budgets/budget_exceeded', 'failed', 'unknown'],
    ['failed', 'runs/internal_error', 'failed', 'unknown'],
  ],
)('a run that is %s with %s: %s, the credential is %s', (status, name, verdict, auth) => {
  const [domain = '', code = ''] = name?.split('/') ?? [];
  const error = name === undefined ? {} : { error: { domain, code, detail: 'as told' } };
  expect(verdictOf(runView(status, error))).toMatchObject({ status: verdict, auth });
});
