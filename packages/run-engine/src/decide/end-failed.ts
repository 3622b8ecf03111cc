import type { KheishError, RunError } from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { voidRequests } from './void-requests.ts';

export function runError(error: KheishError): RunError {
  return { domain: error.domain, code: error.shortCode, detail: error.message };
}

/** The run fails, and nothing begins in its place in this commit. */
export function endFailed(state: WorkingState, runId: string, error: RunError): void {
  voidRequests(state, runId);
  const sessionId = state.run(runId)?.session_id ?? '';
  state.record({ type: 'run_failed', session_id: sessionId, run_id: runId, error });
}
