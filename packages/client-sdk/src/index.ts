export {
  createClient,
  type Client,
  type ClientOptions,
  type EventStreamOptions,
} from './create-client.ts';
export { DaemonUnreachable, RequestTimedOut, UnexpectedAnswer, WaitTimedOut } from './errors.ts';
export type { ListOptions, Listing } from './resources/listing.ts';
export type { RunListOptions, Runs, WaitOptions } from './resources/runs.ts';
export type { Secrets } from './resources/secrets.ts';
export type { Sessions } from './resources/sessions.ts';
export type { StreamEvent, StreamFrame } from './stream/frame.ts';
export type { StreamOptions } from './stream/stream-options.ts';
export { isReportedByDaemon } from './transport/answer.ts';
export type {
  CallOptions,
  KeyedCallOptions,
  RequestId,
  RequestOptions,
  StreamId,
} from './transport/request.ts';
export { KHEISH_VERSION, KheishError, endsRun, isTerminal, operations } from '@kheish/core-model';
export type {
  AuthProvider,
  AuthSlotRecord,
  AuthSlotStatus,
  CreateSessionRequest,
  DaemonCapabilities,
  DaemonStatusView,
  MessageView,
  ModelDelta,
  OperationId,
  Page,
  RecordedEvent,
  RoutePolicy,
  RunStatus,
  RunView,
  RuntimeSettingsView,
  SessionView,
  StoreVerification,
  StreamGap,
  SubmitInputRequest,
} from '@kheish/core-model';
