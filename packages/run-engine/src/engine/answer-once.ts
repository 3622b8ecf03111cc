import type { Command, IdempotencyRequest, Store, StoredAnswer } from '@kheish/state-store';

/** What a command answers; `replayed` where its idempotency key had its answer before. */
export type Answered<T> = { readonly result: T } | { readonly replayed: StoredAnswer };

/** Commits a command, under its idempotency key at most once. `status` is what its answer had. */
export async function answerOnce<T>(
  store: Store,
  command: Command<T>,
  status: number,
  idempotency: IdempotencyRequest | undefined,
): Promise<Answered<T>> {
  if (idempotency === undefined) return { result: await store.commit(command) };
  const answer = (result: T) => ({ status, body: JSON.stringify(result) });
  return store.commitOnce({ ...command, idempotency, answer });
}
