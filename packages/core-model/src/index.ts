export { ApiRole, admits, type Access } from './access/api-role.ts';
export type { ApiToken } from './access/api-token.ts';
export { AuthFailure } from './access/auth-failure.ts';
export {
  BackupManifest,
  BackupView,
  backupManifestOf,
  CreateBackupRequest,
  type BackupState,
  type BackupVerification,
} from './backup/backup.ts';
export {
  AuditCheckpoint,
  auditCheckpointOf,
  AuditInclusionProof,
  AuditStatusView,
} from './audit/checkpoint.ts';
export {
  ExternalAction,
  ExternalActionKind,
  ExternalActionPhase,
  ExternalActionRecord,
  SealProof,
} from './audit/external-action.ts';
export { externalActionsOf } from './audit/external-actions-of.ts';
export { sessionOfSubject, subjectOfSession, type AuthSubject } from './credential/auth-subject.ts';
export {
  CredentialAudience,
  CredentialLease,
  RouteAudience,
  grantOf,
  leaseTtlMs,
  type CredentialGrant,
} from './credential/credential-lease.ts';
export {
  CredentialScope,
  canonicalScope,
  isInScope,
  restrictScope,
  type ScopedKind,
} from './credential/credential-scope.ts';
export { evolveAuthSubject } from './credential/evolve-auth-subject.ts';
export { PruneReport, PruneRequest } from './retention/prune.ts';
export type { Clock, RandomSource } from './clock.ts';
export { crashPoints, type CrashPoint, type ReachCrashPoint } from './crash-point.ts';
export {
  digestOfBytes,
  digestOfJson,
  digestOfText,
  hmacOfText,
  type Digest,
} from './digest/digest.ts';
export { canonicalJson } from './digest/canonical-json.ts';
export { KheishError, toKheishError, type KheishErrorOptions } from './errors/kheish-error.ts';
export { isProblemCode, problems, type ProblemCode } from './errors/problems.ts';
export { idFactory, type IdPrefix, type NewId } from './ids.ts';
export { eraseEvent } from './journal/erase-event.ts';
export {
  ActionOutcome,
  DomainEvent,
  EVENT_SCHEMA_VERSION,
  RecordedEvent,
  endsRun,
  isProgress,
  runIdOf,
  sessionIdOf,
  type EventOf,
  type EventType,
} from './journal/events.ts';
export { messageOf } from './journal/transcript.ts';
export { isJsonObject, wellFormedJson, type Json, type JsonObject } from './json.ts';
export {
  BlobRef,
  Body,
  ErasedBody,
  INLINE_BODY_BYTES,
  eraseBody,
  isBlobRef,
} from './message/body.ts';
export {
  AssistantMessage,
  AssistantPart,
  Message,
  StopReason,
  ToolCallPart,
  ToolMessage,
  Usage,
  UserMessage,
  addUsage,
  eraseMessage,
  mapBodies,
  toolCallsOf,
} from './message/message.ts';
export type {
  ModelDriver,
  ModelEvent,
  ModelRequest,
  PromptMessage,
  PromptPart,
  PromptTool,
} from './model/model-driver.ts';
export {
  baseName,
  isHarmlessBuiltin,
  isInterpreter,
  isWrapper,
  type Command,
} from './permission/command.ts';
export {
  MatchedRule,
  PermissionExplanation,
  PermissionMatrix,
} from './permission/permission-explanation.ts';
export {
  ArgvPrefix,
  PermissionBehavior,
  PermissionMode,
  PermissionRule,
  PermissionRules,
  PermissionScope,
  ToolNamePattern,
} from './permission/permission-rule.ts';
export { eraseRun, evolveRun } from './run/evolve-run.ts';
export { RunStatus, isTerminal, isWaiting, mayFollow, runTransitions } from './run/run-status.ts';
export {
  ActionKind,
  EffectClass,
  Generation,
  ReasoningEffort,
  RoutePin,
  RunError,
  RunFallback,
  RunKind,
  RunOutput,
  RunRequest,
  modelInUse,
  GivenApproval,
  type OpenAction,
  type RunState,
  type StopRequest,
} from './run/run.ts';
export {
  AuthMode,
  AuthProvider,
  AuthSlotRecord,
  AuthSlotStatus,
  SlotDetails,
  SlotId,
} from './secret/auth-slot.ts';
export { ImportReport, RekeyReport, RekeyRequest, SecretsImport } from './secret/secret-changes.ts';
export type { SealedSlot } from './secret/sealed-slot.ts';
export { evolveSession } from './session/evolve-session.ts';
export {
  type Compaction,
  type CompactionMethod,
  type SessionCompaction,
  nothingCompacted,
} from './session/compaction.ts';
export { transcriptDigest } from './session/transcript-digest.ts';
export { SessionId } from './session/session-id.ts';
export { RoutePolicy, type SessionState } from './session/session.ts';
export { evolveTask, isTaskEvent } from './task/evolve-task.ts';
export type { TaskEvent } from './task/task-events.ts';
export {
  EndedTaskStatus,
  OpenTaskStatus,
  ShellEnd,
  TaskKind,
  TaskStatus,
  TerminalReason,
  eraseTask,
  isEnded,
  isLiveShell,
  type TaskCall,
  type TaskState,
} from './task/task.ts';
export { ProcessIdentity } from './tool/process-identity.ts';
export {
  BudgetKey,
  Price,
  Reservation,
  addSpending,
  noSpending,
  utcDayOf,
  type Spending,
} from './budget/budget.ts';
export {
  SHOWN_OUTPUT_BYTES,
  tokensOfBody,
  tokensOfMessage,
  tokensOfText,
} from './message/token-estimate.ts';
export { Cost, costOf } from './budget/cost.ts';
export { daySpendingChange } from './budget/day-spending.ts';
export {
  ApprovalBehavior,
  BudgetApproval,
  PendingApproval,
  ToolApproval,
  VoidReason,
} from './approval/approval.ts';
export {
  QuestionAnswer,
  QuestionOption,
  UserQuestion,
  UserQuestionRequest,
} from './question/question.ts';
export {
  BudgetLimit,
  Budgets,
  RuntimeConfig,
  RuntimeModel,
  RuntimeSetting,
  SandboxReach,
  SystemPromptSettings,
  ToolRuntimeLimits,
  firstRevision,
  runtimeRevisionOf,
  type RuntimeRevision,
} from './runtime/runtime-config.ts';
export { ActionBinding, BoundFile } from './tool/action-binding.ts';
export type {
  BackgroundCommand,
  BackgroundProcess,
  HeldCommand,
  JsonSchema,
  ShellReport,
  SinkPlace,
  Tool,
  ToolContext,
  ToolDefinition,
  ToolResult,
} from './tool/tool.ts';
export {
  operations,
  type BodyOf,
  type Operation,
  type OperationId,
  type Operations,
  type PathOf,
  type QueryOf,
  type ResponseOf,
} from './wire/operations.ts';
export { DEFAULT_PAGE_LIMIT, MAX_PAGE_LIMIT, Pagination, type Page } from './wire/page.ts';
export { ProblemDetails, problemDetails } from './wire/problem-details.ts';
export {
  ApprovalRequestView,
  ApprovalResolution,
  PendingApprovalView,
  ResolveApprovalsRequest,
} from './wire/approval-view.ts';
export {
  CancelQuestionRequest,
  PendingQuestionView,
  ResolveQuestionRequest,
} from './wire/question-view.ts';
export { AuthSubjectStatus, CredentialLeaseStatus, RevokeSlotResult } from './wire/auth-view.ts';
export { CheckPermissionRequest, RuntimeRevisionView } from './wire/runtime-config-view.ts';
export type { ControlPlaneView } from './wire/control-plane-view.ts';
export type { HealthWarning } from './wire/health-view.ts';
export { SandboxView } from './wire/sandbox-view.ts';
export { RunOutputView, RunView, SubmitInputRequest } from './wire/run-view.ts';
export {
  CapabilityMatrix,
  DaemonCapabilities,
  DaemonStatusView,
  RouteReadiness,
  RouteView,
  RuntimeSettingsView,
  StoreVerification,
} from './wire/runtime-view.ts';
export {
  CreateSessionRequest,
  DeleteResult,
  EndSessionRequest,
  InterruptResult,
  MessageView,
  SessionView,
  SetCredentialScopeRequest,
  SetRoutePolicyRequest,
} from './wire/session-view.ts';
export { StopTaskRequest, TaskOutputView, TaskRecord } from './wire/task-view.ts';
export { ApiTokenView, CreateTokenRequest, CreatedToken } from './wire/token-view.ts';
export { ModelDelta, StreamGap } from './wire/stream-frames.ts';
export { startWatchdog, type Watchdog, type WatchdogLimits } from './watchdog.ts';
export { KHEISH_VERSION } from './version.ts';
