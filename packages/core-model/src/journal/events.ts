import * as v from 'valibot';
import { tokenEvents } from '../access/api-token.ts';
import { ApprovalBehavior, PendingApproval, VoidReason } from '../approval/approval.ts';
import { AuditKeyChanged } from '../audit/audit-key-changed.ts';
import { Reservation } from '../budget/budget.ts';
import { authEvents } from '../credential/auth-events.ts';
import { CredentialScope } from '../credential/credential-scope.ts';
import { DigestText } from '../digest/digest.ts';
import { Body } from '../message/body.ts';
import { AssistantMessage, ToolMessage, Usage } from '../message/message.ts';
import { UserQuestionRequest } from '../question/question.ts';
import { retentionEvents } from '../retention/retention-events.ts';
import {
  ActionKind,
  EffectClass,
  GivenApproval,
  RoutePin,
  RunError,
  RunFallback,
  RunKind,
  RunOutput,
  RunRequest,
} from '../run/run.ts';
import { RuntimeConfig, RuntimeSetting } from '../runtime/runtime-config.ts';
import { secretEvents } from '../secret/secret-events.ts';
import { Compaction, CompactionMethod } from '../session/compaction.ts';
import { RoutePolicy } from '../session/session.ts';
import { taskEvents } from '../task/task-events.ts';
import { ProcessIdentity } from '../tool/process-identity.ts';

const session = { session_id: v.string() };
const run = { ...session, run_id: v.string() };
const action = { ...run, action_id: v.string(), step: v.number() };

/** A start of the daemon on this state root. */
const DaemonStarted = v.strictObject({
  type: v.literal('daemon_started'),
  incarnation: v.number(),
  version: v.string(),
  /** The first since this root was restored from a backup. Numbers between `head_seq` and this event are not used. */
  restored: v.optional(v.strictObject({ backup_id: v.string(), head_seq: v.number() })),
});

/** The daemon left in order: what it had begun was handed over, not cut off. */
const DaemonStopped = v.strictObject({
  type: v.literal('daemon_stopped'),
  incarnation: v.number(),
});

const SessionCreated = v.strictObject({
  type: v.literal('session_created'),
  ...session,
  agent_id: v.string(),
  thread_id: v.optional(v.string()),
  system_prompt: v.optional(v.string()),
  credential_scope: v.optional(CredentialScope),
});

/** `route_policy` null: the session follows the daemon's default again. */
const SessionRoutePolicySet = v.strictObject({
  type: v.literal('session_route_policy_set'),
  ...session,
  route_policy: v.nullable(RoutePolicy),
});

const SessionEnded = v.strictObject({
  type: v.literal('session_ended'),
  ...session,
  reason: v.optional(v.string()),
});

const SessionDeleted = v.strictObject({ type: v.literal('session_deleted'), ...session });

const RunAccepted = v.strictObject({
  type: v.literal('run_accepted'),
  ...run,
  agent_id: v.string(),
  kind: RunKind,
  request: RunRequest,
  route: RoutePin,
});

/** The input enters the transcript here. */
const RunStarted = v.strictObject({
  type: v.literal('run_started'),
  ...run,
  incarnation: v.number(),
  /** Of the input. */
  input_digest: v.optional(DigestText),
  /** Of the configuration that it keeps to its end; 0 where nobody had changed anything. */
  config_revision: v.optional(v.number()),
});

/** A later daemon start took the run over. `after_crash`: the one before it did not leave in order. */
const RunRecovered = v.strictObject({
  type: v.literal('run_recovered'),
  ...run,
  incarnation: v.number(),
  after_crash: v.boolean(),
});

/** An effect is about to happen. Without this on disk it does not. */
const ActionIntended = v.strictObject({
  type: v.literal('action_intended'),
  ...action,
  kind: ActionKind,
  effect: EffectClass,
  /** What is acted on: `model:<route>/<model>` or `tool:<name>`. */
  target: v.string(),
  request_digest: DigestText,
  /** The target as the audit's record has it; absent for what reaches nothing beyond the daemon. */
  audit_target: v.optional(v.string()),
  /** Of the credential that it uses. */
  grant_id: v.optional(v.string()),
  tool_call_id: v.optional(v.string()),
  approval: v.optional(GivenApproval),
  /** Of a model call. */
  reservation: v.optional(Reservation),
});

/**
 * A `once` effect begins now, by these processes if it has any. One that was intended and did not begin may be begun
 * by whoever takes its run over; one that began is never begun again.
 */
const ActionStarted = v.strictObject({
  type: v.literal('action_started'),
  ...action,
  process: v.optional(ProcessIdentity),
});

export const ActionOutcome = v.picklist(['succeeded', 'failed', 'aborted', 'unknown_outcome']);
export type ActionOutcome = v.InferOutput<typeof ActionOutcome>;

/** The action came to an end of its own: its run got further. */
export function isProgress(outcome: ActionOutcome): boolean {
  return outcome === 'succeeded' || outcome === 'failed';
}

/** What became of an effect; its message enters the transcript. */
const ActionSettled = v.strictObject({
  type: v.literal('action_settled'),
  ...action,
  kind: ActionKind,
  target: v.string(),
  outcome: ActionOutcome,
  response_digest: v.optional(DigestText),
  message: v.optional(v.union([AssistantMessage, ToolMessage])),
  usage: v.optional(Usage),
  /** Of a model call whose model has a price. */
  cost_usd_micros: v.optional(v.number()),
  error: v.optional(RunError),
  /** Its processes were ended, and that all of them are dead could not be established. */
  death_unproven: v.optional(v.literal(true)),
});

/** The agent gave something out before the end of its run. */
const OutputEmitted = v.strictObject({
  type: v.literal('output_emitted'),
  ...action,
  content: Body,
});

/** A call that is not carried out; its message enters the transcript. */
const ToolCallRefused = v.strictObject({
  type: v.literal('tool_call_refused'),
  ...run,
  step: v.number(),
  by: v.picklist(['rule', 'operator', 'expiry', 'run_end']),
  message: ToolMessage,
});

/** A call waits for the operator's word. */
const ApprovalRequested = v.strictObject({
  type: v.literal('approval_requested'),
  ...run,
  request: PendingApproval,
});

/** The operator's word. With `allow` the call is intended in the same commit, with `deny` it is refused. */
const ApprovalResolved = v.strictObject({
  type: v.literal('approval_resolved'),
  ...run,
  request_id: v.string(),
  behavior: ApprovalBehavior,
  /** Whose word it is: `token:<id>`, or the role of a token without a name. */
  resolved_by: v.optional(v.string()),
  /** JSON of the arguments in the place of the model's. */
  updated_input: v.optional(Body),
  justification: v.optional(v.string()),
  reason: v.optional(v.string()),
});

const ApprovalVoided = v.strictObject({
  type: v.literal('approval_voided'),
  ...run,
  request_id: v.string(),
  reason: VoidReason,
});

const QuestionRequested = v.strictObject({
  type: v.literal('question_requested'),
  ...run,
  request: UserQuestionRequest,
});

/** The answer, or that there is none; its message enters the transcript. */
const QuestionResolved = v.strictObject({
  type: v.literal('question_resolved'),
  ...run,
  request_id: v.string(),
  declined: v.boolean(),
  resolved_by: v.optional(v.string()),
  justification: v.optional(v.string()),
  message: ToolMessage,
});

const QuestionVoided = v.strictObject({
  type: v.literal('question_voided'),
  ...run,
  request_id: v.string(),
  reason: VoidReason,
  justification: v.optional(v.string()),
});

/** Nothing of the run is under way any more, and it waits for a person. */
const RunSuspended = v.strictObject({
  type: v.literal('run_suspended'),
  ...run,
  waiting_for: v.picklist(['approval', 'user_question']),
});

/** A waiting run goes on, executed by this start of the daemon. */
const RunResumed = v.strictObject({
  type: v.literal('run_resumed'),
  ...run,
  incarnation: v.number(),
});

/** The run's own model could not be had; from here on it uses its fallback model. */
const RunFellBack = v.strictObject({
  type: v.literal('run_fell_back'),
  ...run,
  ...RunFallback.entries,
});

/** From here on prompts of the session show less of its transcript. */
const ContextCompacted = v.strictObject({
  type: v.literal('context_compacted'),
  ...run,
  method: CompactionMethod,
  ...Compaction.entries,
  /** Of the next prompt, partly estimated. */
  tokens_before: v.number(),
  tokens_after: v.number(),
  /** Of the messages that this compaction took out or shortened, as they are stored. */
  covers: DigestText,
});

/** A provider refused a prompt as too long: from here on those of the session to this model keep below. */
const ContextLimited = v.strictObject({
  type: v.literal('context_limited'),
  ...run,
  /** `model:<route>/<model>` */
  target: v.string(),
  max_tokens: v.number(),
});

/** The run is to stop; what it started is being ended. */
const RunStopRequested = v.strictObject({
  type: v.literal('run_stop_requested'),
  ...run,
  as: v.picklist(['cancelled', 'interrupted']),
});

const RunCompleted = v.strictObject({
  type: v.literal('run_completed'),
  ...run,
  outputs: v.array(RunOutput),
});

const RunFailed = v.strictObject({ type: v.literal('run_failed'), ...run, error: RunError });

const RunInterrupted = v.strictObject({ type: v.literal('run_interrupted'), ...run });

const RunCancelled = v.strictObject({ type: v.literal('run_cancelled'), ...run });

/** The operator changed what runs begin with from here on. */
const RuntimeConfigured = v.strictObject({
  type: v.literal('runtime_configured'),
  /** Counted from 1. */
  revision: v.number(),
  setting: RuntimeSetting,
  rollback_of_revision: v.optional(v.number()),
  config: RuntimeConfig,
});

/** Everything that can happen. */
export const DomainEvent = v.variant('type', [
  DaemonStarted,
  DaemonStopped,
  SessionCreated,
  SessionRoutePolicySet,
  SessionEnded,
  SessionDeleted,
  RunAccepted,
  RunStarted,
  RunRecovered,
  ActionIntended,
  ActionStarted,
  ActionSettled,
  OutputEmitted,
  ToolCallRefused,
  ApprovalRequested,
  ApprovalResolved,
  ApprovalVoided,
  QuestionRequested,
  QuestionResolved,
  QuestionVoided,
  RunSuspended,
  RunResumed,
  RunFellBack,
  ContextCompacted,
  ContextLimited,
  RunStopRequested,
  RunCompleted,
  RunFailed,
  RunInterrupted,
  RunCancelled,
  ...taskEvents,
  ...secretEvents,
  ...tokenEvents,
  ...authEvents,
  ...retentionEvents,
  RuntimeConfigured,
  AuditKeyChanged,
]);
export type DomainEvent = v.InferOutput<typeof DomainEvent>;
export type EventType = DomainEvent['type'];
export type EventOf<T extends EventType> = Extract<DomainEvent, { type: T }>;

/** The version of the event schemas above; a change of meaning raises it and brings an upcaster. */
export const EVENT_SCHEMA_VERSION = 1;

const recorded = { seq: v.number(), at_ms: v.number(), v: v.number() };

/** An event as the journal, the event lists and the streams carry it. */
export type RecordedEvent = DomainEvent & { seq: number; at_ms: number; v: number };
export const RecordedEvent = v.variant(
  'type',
  DomainEvent.options.map((option) => v.strictObject({ ...recorded, ...option.entries })),
) as unknown as v.GenericSchema<unknown, RecordedEvent>;

const runEnds: ReadonlySet<string> = new Set<EventType>([
  'run_completed',
  'run_failed',
  'run_interrupted',
  'run_cancelled',
]);

/** Whether events of this type are the last of their run. */
export function endsRun(type: string): boolean {
  return runEnds.has(type);
}

export function sessionIdOf(event: DomainEvent): string | undefined {
  return 'session_id' in event ? event.session_id : undefined;
}

export function runIdOf(event: DomainEvent): string | undefined {
  return 'run_id' in event ? event.run_id : undefined;
}
