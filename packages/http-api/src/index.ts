export type { Log } from './answer/log.ts';
export { identityOf } from './call/call.ts';
export type {
  Answer,
  Call,
  Caller,
  HandledOperation,
  Handlers,
  IdempotencyRequest,
  Replayed,
} from './call/call.ts';
export type { Access } from './guard/bearer.ts';
export type { NoteRefusal } from './guard/refusals.ts';
export { createHttpApi, type HttpApi, type HttpApiOptions } from './http-api.ts';
export { defaultHttpLimits, type HttpLimits } from './http-limits.ts';
export type { HttpListener, ListenAddress } from './listener/http-listener.ts';
export { openApiDocument } from './openapi/document.ts';
export type { HostPolicy } from './operation/front-door.ts';
export type {
  DeltaFeed,
  EventFeed,
  FeedFilter,
  FeedPage,
  FeedRow,
  StreamSubjects,
} from './stream/feed.ts';
