import * as v from 'valibot';
import type { Cost } from '../budget/cost.ts';
import type { CredentialScope } from '../credential/credential-scope.ts';
import type { Digest } from '../digest/digest.ts';
import type { Usage } from '../message/message.ts';
import { Generation } from '../run/run.ts';
import type { SessionCompaction } from './compaction.ts';

/** Which route and model the runs of a session use unless they say otherwise. */
export const RoutePolicy = v.strictObject({
  route_id: v.optional(v.pipe(v.string(), v.nonEmpty(), v.maxLength(256))),
  generation: v.optional(Generation),
});
export type RoutePolicy = v.InferOutput<typeof RoutePolicy>;

/** A session as its events make it. */
export interface SessionState {
  readonly session_id: string;
  readonly agent_id: string;
  readonly thread_id?: string;
  readonly status: 'open' | 'ended' | 'deleted';
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly ended_at_ms?: number;
  readonly end_reason?: string;
  readonly route_policy?: RoutePolicy;
  readonly system_prompt?: string;
  /** Absent: its runs may use every credential. */
  readonly credential_scope?: CredentialScope;
  readonly active_run_id?: string;
  /** What the active run waits for. */
  readonly waiting_for?: 'approval' | 'user_question';
  readonly queued_run_ids: readonly string[];
  readonly message_count: number;
  /** Of all messages, in order: see `transcriptDigest`. */
  readonly transcript_digest?: Digest;
  /** Of the next prompt without the system's part: as a provider counted it last, and estimated since. */
  readonly context_tokens?: number;
  /** How the transcript is shown in prompts, where not all of it is. */
  readonly compaction?: SessionCompaction;
  /** Tokens that prompts may have by what providers refused, by the target of the model's calls. */
  readonly context_limits?: Readonly<Record<string, number>>;
  readonly usage?: Usage;
  readonly cost?: Cost;
}
