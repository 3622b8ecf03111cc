import * as v from 'valibot';
import { Cost } from '../budget/cost.ts';
import { type JsonObject, isJsonObject } from '../json.ts';
import { Usage } from '../message/message.ts';
import { UserQuestionRequest } from '../question/question.ts';
import { RunStatus } from '../run/run-status.ts';
import { Generation, RunError, RunFallback, RunKind } from '../run/run.ts';
import { ApprovalRequestView } from './approval-view.ts';

const label = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));

const Metadata = v.custom<JsonObject>(isJsonObject, 'Metadata is a JSON object.');

export const SubmitInputRequest = v.strictObject({
  content: v.pipe(
    v.string(),
    v.check((text) => text.trim() !== '', 'The content is not blank.'),
  ),
  /** A route id. */
  provider: v.optional(label),
  /** The same as `provider`. */
  route_id: v.optional(label),
  source_plugin: v.optional(label),
  source_kind: v.optional(label),
  actor_id: v.optional(label),
  generation: v.optional(Generation),
  metadata: v.optional(Metadata),
  /** The same as the header `Idempotency-Key`. */
  idempotency_key: v.optional(v.string()),
});
export type SubmitInputRequest = v.InferOutput<typeof SubmitInputRequest>;

export const RunOutputView = v.strictObject({
  session_id: v.string(),
  run_id: v.string(),
  source_kind: v.picklist(['assistant_text', 'emit_output']),
  content: v.string(),
  /** Lists show the beginning of a long text; the run itself has all of it. */
  truncated: v.optional(v.literal(true)),
});
export type RunOutputView = v.InferOutput<typeof RunOutputView>;

export const RunView = v.strictObject({
  run_id: v.string(),
  session_id: v.string(),
  agent_id: v.string(),
  kind: RunKind,
  status: RunStatus,
  submitted_at_ms: v.number(),
  updated_at_ms: v.number(),
  started_at_ms: v.optional(v.number()),
  finished_at_ms: v.optional(v.number()),
  /** 1 is next; absent once the run has begun. */
  queued_position: v.optional(v.number()),
  /** A stop was asked for, and what the run started is being ended. */
  cancel_requested_at_ms: v.optional(v.number()),
  request: v.strictObject({
    source_plugin: v.string(),
    source_kind: v.string(),
    actor_id: v.string(),
    text_preview: v.string(),
    provider: v.string(),
    driver: v.string(),
    model: v.string(),
    fallback_model: v.optional(v.string()),
  }),
  input_metadata: v.optional(Metadata),
  steps: v.number(),
  /** The run goes on with its fallback model. */
  fallback: v.optional(RunFallback),
  pending_approval_ids: v.optional(v.array(v.string())),
  pending_approvals: v.optional(v.array(ApprovalRequestView)),
  pending_question_ids: v.optional(v.array(v.string())),
  pending_questions: v.optional(v.array(UserQuestionRequest)),
  /** Of the configuration with which it began. */
  config_revision: v.optional(v.number()),
  outputs: v.array(RunOutputView),
  usage: v.optional(Usage),
  /** Money, as far as the models have prices. */
  cost: v.optional(Cost),
  error: v.optional(RunError),
});
export type RunView = v.InferOutput<typeof RunView>;
