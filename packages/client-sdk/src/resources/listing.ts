import type { Page } from '@kheish/core-model';
import type { CallOptions } from '../transport/request.ts';

/** Which part of a list. */
export interface ListOptions extends CallOptions {
  /** Items a page: 1 to 100; 50 when absent. */
  readonly limit?: number | undefined;
  /** `next_cursor` of the page before. */
  readonly cursor?: string | undefined;
}

/** Of what waits for a person. */
export interface AskedListOptions extends ListOptions {
  readonly sessionId?: string | undefined;
}

export function askedOf<Q extends object>({ sessionId }: AskedListOptions, page: Q) {
  return { ...page, ...(sessionId !== undefined && { session_id: sessionId }) };
}

/** Awaited, the first page; iterated, every item from there to the end, page by page. */
export type Listing<T> = Promise<Page<T>> & AsyncIterable<T>;

export function listing<T>(
  options: ListOptions,
  fetchPage: (query: { limit?: string; cursor?: string }, options: ListOptions) => Promise<Page<T>>,
): Listing<T> {
  const page = (cursor: string | undefined) =>
    fetchPage(
      {
        ...(options.limit !== undefined && { limit: String(options.limit) }),
        ...(cursor !== undefined && { cursor }),
      },
      options,
    );
  const first = page(options.cursor);
  const items = async function* (): AsyncGenerator<T, void, undefined> {
    for (let next: Promise<Page<T>> | undefined = first; next !== undefined;) {
      const { items: batch, pagination }: Page<T> = await next;
      yield* batch;
      next = pagination.next_cursor === undefined ? undefined : page(pagination.next_cursor);
    }
  };
  return Object.assign(first, { [Symbol.asyncIterator]: items });
}
