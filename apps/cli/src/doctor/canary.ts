import { type Client, KheishError, type RunView, WaitTimedOut } from '@kheish/client-sdk';

/** What became of a tiny run on a route. */
export interface Canary {
  readonly route_id: string;
  readonly status: 'passed' | 'failed' | 'timeout';
  /** Whether the provider takes the route's credential; `unknown` where it came to no answer about it. */
  readonly auth: 'accepted' | 'refused' | 'unknown';
  readonly session_id?: string;
  readonly run_id?: string;
  readonly code?: string;
  readonly message?: string;
}

const ASKED = 'Reply with the single word: ready. Use no tools.';
const MOST_TOKENS = 1_024;

const refuses = /^models\/authentication_failed$|^(routes|secrets)\//;
/** Whoever answers so has looked at the credential. */
const accepts =
  /^models\/(quota_exhausted|invalid_request|context_exceeded|refused|output_truncated)$/;

/** Runs a few words through the whole engine, in a session that goes with it. It is on the record like any run. */
export async function sendCanary(
  client: Client,
  routeId: string,
  timeoutMs: number,
): Promise<Canary> {
  const { session_id: sessionId } = await client.sessions.create();
  let runId: string | undefined;
  try {
    const accepted = await client.sessions.submit(sessionId, {
      content: ASKED,
      provider: routeId,
      source_kind: 'doctor',
      generation: { max_output_tokens: MOST_TOKENS },
    });
    runId = accepted.run_id;
    const run = await client.runs.wait(runId, { timeoutMs, untilBlocked: true });
    return { ...verdictOf(run), route_id: routeId, session_id: sessionId, run_id: runId };
  } catch (error) {
    const known = { route_id: routeId, session_id: sessionId, ...(runId && { run_id: runId }) };
    if (error instanceof WaitTimedOut) {
      return { ...known, status: 'timeout', auth: 'unknown', message: error.message };
    }
    if (!(error instanceof KheishError)) throw error;
    const { code, message } = error;
    return { ...known, status: 'failed', auth: authOf(code), code, message };
  } finally {
    await clearAway(client, sessionId, runId);
  }
}

export function verdictOf({
  status,
  error,
}: RunView): Pick<Canary, 'status' | 'auth' | 'code' | 'message'> {
  if (status === 'completed') return { status: 'passed', auth: 'accepted' };
  if (error === undefined) {
    return { status: 'failed', auth: 'unknown', code: status, message: `The run is ${status}.` };
  }
  const code = `${error.domain}/${error.code}`;
  return { status: 'failed', auth: authOf(code), code, message: error.detail };
}

function authOf(code: string): Canary['auth'] {
  if (refuses.test(code)) return 'refused';
  return accepts.test(code) ? 'accepted' : 'unknown';
}

const quietly = (work: Promise<unknown>) => work.catch(() => undefined);

/** The run is ended where it is not over; its session is erased, or at least ended by who may not erase. */
async function clearAway(client: Client, sessionId: string, runId?: string): Promise<void> {
  if (runId !== undefined) {
    await quietly(client.runs.cancel(runId));
    await quietly(client.runs.wait(runId, { timeoutMs: 10_000 }));
  }
  await quietly(client.sessions.end(sessionId, { reason: 'doctor' }));
  await quietly(client.sessions.delete(sessionId));
}
