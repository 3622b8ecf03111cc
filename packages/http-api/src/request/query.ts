import { KheishError } from '@kheish/core-model';
import { percentDecoded } from './percent.ts';
import { shownName } from './validate.ts';

/** Reads a query string strictly: every parameter once, and well encoded. */
export function readQuery(search: string): Record<string, string> {
  const query: Record<string, string> = {};
  for (const pair of search.split('&')) {
    if (pair === '') continue;
    const equals = pair.indexOf('=');
    const name = decoded(equals === -1 ? pair : pair.slice(0, equals));
    if (Object.hasOwn(query, name)) {
      throw new KheishError(
        'api/bad_request',
        `The query has the parameter "${shownName(name)}" twice.`,
      );
    }
    const value = equals === -1 ? '' : decoded(pair.slice(equals + 1));
    Object.defineProperty(query, name, { value, enumerable: true });
  }
  return query;
}

function decoded(text: string): string {
  return percentDecoded(text.replaceAll('+', ' '), 'The query');
}
