import { DEFAULT_PAGE_LIMIT, KheishError, MAX_PAGE_LIMIT, type Page } from '@kheish/core-model';

/** A place in a list, as the client got it and gives it back. */
export interface PageRequest {
  readonly limit: number;
  /** The sort key of the last item of the page before. */
  readonly after: string | undefined;
}

export function pageRequest(query: { limit?: string; cursor?: string }): PageRequest {
  return { limit: limitOf(query.limit), after: afterOf(query.cursor) };
}

/** The same where the sort key is a non-negative integer. */
export function numberedPageRequest(query: { limit?: string; cursor?: string }): {
  limit: number;
  after: number | undefined;
} {
  const { limit, after } = pageRequest(query);
  if (after === undefined) return { limit, after };
  if (!/^\d{1,15}$/.test(after)) throw invalidCursor();
  return { limit, after: Number(after) };
}

function limitOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_PAGE_LIMIT;
  if (!/^[1-9]\d{0,8}$/.test(text)) {
    throw new KheishError('pagination/invalid_limit', 'A limit is a whole number from 1 on.');
  }
  return Math.min(Number(text), MAX_PAGE_LIMIT);
}

function afterOf(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== cursor) throw invalidCursor();
  return bytes.toString();
}

export function invalidCursor(): KheishError {
  return new KheishError(
    'pagination/invalid_cursor',
    'The cursor is not one that this list gave as next_cursor.',
  );
}

/** A page from up to `limit + 1` rows: the one too many says that there is more. */
export function page<Row, T>(
  rows: readonly Row[],
  limit: number,
  order: string,
  keyOf: (row: Row) => string,
  items: (rows: readonly Row[]) => T[],
): Page<T> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    items: items(shown),
    pagination: {
      limit,
      has_more: more,
      ...(more && { next_cursor: Buffer.from(keyOf(last)).toString('base64url') }),
      order,
    },
  };
}
