export {
  createClient,
  preflight,
  type Client,
  type ClientOptions,
  type EventStreamOptions,
} from './create-client.ts';
export { DaemonUnreachable, RequestTimedOut, UnexpectedAnswer, WaitTimedOut } from './errors.ts';
export type { Auth } from './resources/auth.ts';
export type { Approvals } from './resources/approvals.ts';
export type { Backups } from './resources/backups.ts';
export type { Audit, AuditExportOptions } from './resources/audit.ts';
export type { AskedListOptions, ListOptions, Listing } from './resources/listing.ts';
export type { QuestionResolution, Questions } from './resources/questions.ts';
export type { RunListOptions, Runs, WaitOptions } from './resources/runs.ts';
export type {
  BudgetsView,
  ChangeOptions,
  PermissionRulesView,
  Runtime,
  ToolLimitsView,
} from './resources/runtime.ts';
export { initialToolLimits } from './resources/runtime.ts';
export type { Secrets } from './resources/secrets.ts';
export type { TaskListOptions, TaskOutputOptions, Tasks } from './resources/tasks.ts';
export type { Sessions } from './resources/sessions.ts';
export type { Tokens } from './resources/tokens.ts';
export type { StreamEvent, StreamFrame } from './stream/frame.ts';
export type { StreamOptions } from './stream/stream-options.ts';
export { isReportedByDaemon } from './transport/answer.ts';
export type { Preflight } from './transport/preflight.ts';
export type {
  CallOptions,
  DownloadId,
  KeyedCallOptions,
  RequestId,
  RequestOptions,
  StreamId,
} from './transport/request.ts';
export {
  KHEISH_VERSION,
  KheishError,
  endsRun,
  isTerminal,
  isWaiting,
  operations,
} from '@kheish/core-model';
export type {
  ActionBinding,
  AuditCheckpoint,
  AuditInclusionProof,
  AuditStatusView,
  ApiRole,
  ApiTokenView,
  AuthFailure,
  ApprovalRequestView,
  ApprovalResolution,
  AuthProvider,
  AuthSlotRecord,
  AuthSlotStatus,
  BackupVerification,
  BackupView,
  AuthSubjectStatus,
  ImportReport,
  RekeyReport,
  RekeyRequest,
  SecretsImport,
  Budgets,
  CheckPermissionRequest,
  CreateBackupRequest,
  CreateSessionRequest,
  CreateTokenRequest,
  CreatedToken,
  CredentialLease,
  CredentialLeaseStatus,
  CredentialScope,
  DaemonCapabilities,
  DaemonStatusView,
  MessageView,
  ModelDelta,
  OperationId,
  Page,
  PendingApprovalView,
  PendingQuestionView,
  PermissionExplanation,
  PermissionMatrix,
  PermissionMode,
  PermissionRule,
  PruneReport,
  PruneRequest,
  QuestionAnswer,
  RecordedEvent,
  RevokeSlotResult,
  RoutePolicy,
  RunStatus,
  ExternalActionRecord,
  RunView,
  RuntimeRevisionView,
  RuntimeSettingsView,
  SandboxView,
  SessionView,
  StoreVerification,
  StreamGap,
  SubmitInputRequest,
  SystemPromptSettings,
  TaskOutputView,
  TaskRecord,
  TaskStatus,
  ToolRuntimeLimits,
  UserQuestion,
  UserQuestionRequest,
} from '@kheish/core-model';
