import * as v from 'valibot';

export const DEFAULT_PAGE_LIMIT = 50;
export const MAX_PAGE_LIMIT = 100;

/** Query of every list. `cursor` is what the page before gave as `next_cursor`. */
export const pageQuery = {
  limit: v.optional(v.string()),
  cursor: v.optional(v.string()),
};

export const Pagination = v.strictObject({
  limit: v.number(),
  has_more: v.boolean(),
  next_cursor: v.optional(v.string()),
  order: v.string(),
});
export type Pagination = v.InferOutput<typeof Pagination>;

/** What every list answers. */
export interface Page<T> {
  items: T[];
  pagination: Pagination;
}

export function pageOf<const S extends v.GenericSchema>(item: S) {
  return v.strictObject({ items: v.array(item), pagination: Pagination });
}
