import type { PendingQuestionView, ResolveQuestionRequest, RunView } from '@kheish/core-model';
import { type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type AskedListOptions, type Listing, askedOf, listing } from './listing.ts';

export type QuestionResolution = ResolveQuestionRequest['resolution'];

/** What runs ask their operator. */
export interface Questions {
  /** Oldest run first. */
  list(options?: AskedListOptions): Listing<PendingQuestionView>;
  /** Answers every question of the request, or declines it. Throws `questions/...`. */
  resolve(
    runId: string,
    resolution: QuestionResolution,
    options?: KeyedCallOptions,
  ): Promise<RunView>;
  /** Withdraws the request; its run is cancelled. */
  cancel(
    runId: string,
    requestId: string,
    body?: { justification?: string },
    options?: KeyedCallOptions,
  ): Promise<RunView>;
}

export function questionsOf(transport: Transport): Questions {
  return {
    list: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listQuestions', { query: askedOf(options, query), signal, timeoutMs }),
      ),
    resolve: (run_id, resolution, options) =>
      request(transport, 'resolveQuestion', { ...options, path: { run_id }, body: { resolution } }),
    cancel: (run_id, request_id, body = {}, options) =>
      request(transport, 'cancelQuestion', { ...options, path: { run_id, request_id }, body }),
  };
}
