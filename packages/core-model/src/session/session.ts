import * as v from 'valibot';
import type { Usage } from '../message/message.ts';
import { Generation } from '../run/run.ts';

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
  readonly active_run_id?: string;
  readonly queued_run_ids: readonly string[];
  readonly message_count: number;
  readonly usage?: Usage;
}
