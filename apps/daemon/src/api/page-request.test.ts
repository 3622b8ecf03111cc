import { MAX_PAGE_LIMIT } from '@kheish/core-model';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberedPageRequest, page, pageRequest } from './page-request.ts';

describe('limit', () => {
  test('has a default, and a most that larger ones come down to', () => {
    const usual = pageRequest({}).limit;
    expect(usual).toBeGreaterThan(1);
    expect(usual).toBeLessThanOrEqual(MAX_PAGE_LIMIT);
    expect(pageRequest({ limit: '1' }).limit).toBe(1);
    expect(pageRequest({ limit: String(MAX_PAGE_LIMIT + 1) }).limit).toBe(MAX_PAGE_LIMIT);
    expect(pageRequest({ limit: '999999999' }).limit).toBe(MAX_PAGE_LIMIT);
  });

  test.each(['0', '-1', '1.5', '', ' 1', '01', '1e2', 'ten', '0x10', '9999999999'])(
    '"%s" is refused',
    (limit) => {
      expect(() => pageRequest({ limit })).toThrow(
        expect.objectContaining({ code: 'pagination/invalid_limit' }),
      );
    },
  );
});

const cursorOf = (key: string) => Buffer.from(key).toString('base64url');

describe('cursor', () => {
  const invalid = expect.objectContaining({ code: 'pagination/invalid_cursor' });

  test.each(['', '%', 'YQ==', 'YR', 'a', 'é'])('"%s" is none that we gave', (cursor) => {
    expect(() => pageRequest({ cursor })).toThrow(invalid);
  });

  test('of another list is refused where numbers are wanted', () => {
    expect(numberedPageRequest({ cursor: cursorOf('41') }).after).toBe(41);
    expect(numberedPageRequest({}).after).toBeUndefined();
    for (const key of ['session-1', '-1', '1.5', ' 1', '1234567890123456']) {
      expect(() => numberedPageRequest({ cursor: cursorOf(key) })).toThrow(invalid);
    }
  });
});

test('following next_cursor shows every item once, in order, whatever the limit', () => {
  const ids = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(ids, fc.integer({ min: 1, max: 12 }), (unsorted, size) => {
      const all = unsorted.toSorted();
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const { limit, after } = pageRequest({
          limit: String(size),
          ...(cursor !== undefined && { cursor }),
        });
        const rows = all.filter((id) => after === undefined || id > after).slice(0, limit + 1);
        const shown = page(rows, limit, 'id_asc', String, (some) => [...some]);
        expect(shown.items.length).toBeLessThanOrEqual(limit);
        expect(shown.pagination.has_more).toBe(shown.pagination.next_cursor !== undefined);
        seen.push(...shown.items);
        cursor = shown.pagination.next_cursor;
      } while (cursor !== undefined);
      expect(seen).toEqual(all);
    }),
  );
});
