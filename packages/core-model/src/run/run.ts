import * as v from 'valibot';
import type { PendingApproval } from '../approval/approval.ts';
import type { BudgetKey, Reservation } from '../budget/budget.ts';
import type { Cost } from '../budget/cost.ts';
import { DigestText } from '../digest/digest.ts';
import { type JsonObject, isJsonObject } from '../json.ts';
import { Body, eraseBody } from '../message/body.ts';
import type { Usage } from '../message/message.ts';
import type { UserQuestionRequest } from '../question/question.ts';
import type { ProcessIdentity } from '../tool/process-identity.ts';
import type { RunStatus } from './run-status.ts';

export const RunKind = v.picklist(['input']);
export type RunKind = v.InferOutput<typeof RunKind>;

export const ReasoningEffort = v.picklist(['none', 'minimal', 'low', 'medium', 'high', 'xhigh']);

const modelName = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256));

/** More than any model gives. Reservations are added up, and must not grow past what a number holds exactly. */
const MAX_OUTPUT_TOKENS = 10_000_000;

/** How the model is asked to generate. */
export const Generation = v.strictObject({
  model: v.optional(modelName),
  /** A model of the same route that takes over where the first cannot be had. */
  fallback_model: v.optional(modelName),
  max_output_tokens: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(MAX_OUTPUT_TOKENS)),
  ),
  temperature: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  reasoning: v.optional(v.strictObject({ effort: v.optional(ReasoningEffort) })),
});
export type Generation = v.InferOutput<typeof Generation>;

/** The route a run was accepted for; it never drifts afterwards. */
export const RoutePin = v.strictObject({
  route_id: v.string(),
  driver: v.string(),
  model: v.string(),
  fallback_model: v.optional(v.string()),
});
export type RoutePin = v.InferOutput<typeof RoutePin>;

/** What was asked, and by whom. */
export const RunRequest = v.strictObject({
  source_plugin: v.string(),
  source_kind: v.string(),
  actor_id: v.string(),
  content: Body,
  /** The beginning of the content, for lists. */
  text_preview: v.string(),
  generation: v.optional(Generation),
  metadata: v.optional(v.custom<JsonObject>(isJsonObject)),
});
export type RunRequest = v.InferOutput<typeof RunRequest>;

/** Why a run failed. */
export const RunError = v.strictObject({
  domain: v.string(),
  code: v.string(),
  detail: v.string(),
});
export type RunError = v.InferOutput<typeof RunError>;

/** What tools and providers say of a failure may quote what was said to them. */
export function eraseRunError(error: RunError): RunError {
  return { ...error, detail: '' };
}

/** The model that a run went on with, and why. */
export const RunFallback = v.strictObject({ model: v.string(), error: RunError });
export type RunFallback = v.InferOutput<typeof RunFallback>;

export const RunOutput = v.strictObject({
  source_kind: v.picklist(['assistant_text', 'emit_output']),
  content: Body,
});
export type RunOutput = v.InferOutput<typeof RunOutput>;

/** How an effect may be settled after the process died inside it. */
export const EffectClass = v.picklist(['repeatable', 'keyed', 'once']);
export type EffectClass = v.InferOutput<typeof EffectClass>;

export const ActionKind = v.picklist(['model_call', 'tool_call', 'compaction']);
export type ActionKind = v.InferOutput<typeof ActionKind>;

/** The operator's word for one tool call. */
export const GivenApproval = v.strictObject({
  request_id: v.string(),
  /** What was approved; a call that is another by the time it is carried out is refused. */
  digest: DigestText,
  /** JSON of the arguments that the operator put in the place of the model's. */
  input: v.optional(Body),
});
export type GivenApproval = v.InferOutput<typeof GivenApproval>;

export function eraseGivenApproval(approval: GivenApproval): GivenApproval {
  const { input } = approval;
  return input === undefined ? approval : { ...approval, input: eraseBody(input) };
}

/** An effect whose intent is on disk and whose outcome is not. */
export interface OpenAction {
  readonly action_id: string;
  readonly kind: ActionKind;
  readonly effect: EffectClass;
  readonly target: string;
  readonly audit_target?: string;
  readonly grant_id?: string;
  readonly tool_call_id?: string;
  readonly approval?: GivenApproval;
  readonly reservation?: Reservation;
  /** It began: from here on its outcome is unknown until it is settled. */
  readonly started_at_ms?: number;
  readonly process?: ProcessIdentity;
}

/** Why a run that is still running was asked to stop. */
export type StopRequest = { readonly as: 'cancelled' | 'interrupted'; readonly at_ms: number };

/** A run as its events make it. */
export interface RunState {
  readonly run_id: string;
  readonly session_id: string;
  readonly agent_id: string;
  readonly kind: RunKind;
  readonly status: RunStatus;
  readonly request: RunRequest;
  readonly route: RoutePin;
  readonly submitted_at_ms: number;
  readonly updated_at_ms: number;
  readonly started_at_ms?: number;
  readonly finished_at_ms?: number;
  /** Of the configuration with which it began. */
  readonly config_revision?: number;
  /** The daemon start that executes it. */
  readonly incarnation?: number;
  /** Model calls begun. */
  readonly step: number;
  /** Times it was taken over after a crash since its last new step. */
  readonly recoveries: number;
  /** Prompts that were refused as too long since the last answer of the model. */
  readonly context_refusals?: number;
  readonly open_actions: readonly OpenAction[];
  /** Calls that wait for the operator's word. */
  readonly approvals: readonly PendingApproval[];
  readonly questions: readonly UserQuestionRequest[];
  readonly stop?: StopRequest;
  readonly fallback?: RunFallback;
  readonly outputs: readonly RunOutput[];
  readonly usage?: Usage;
  readonly cost?: Cost;
  /** How many times the operator let it spend a budget's limit once more. */
  readonly extensions?: { readonly [K in BudgetKey]?: number };
  readonly error?: RunError;
}

/** The model of the run's next call. */
export function modelInUse(run: RunState): string {
  return run.fallback?.model ?? run.route.model;
}
