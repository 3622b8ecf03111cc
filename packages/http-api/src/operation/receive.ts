import {
  type Json,
  KheishError,
  type Operation,
  type OperationId,
  type PathOf,
  type QueryOf,
} from '@kheish/core-model';
import * as v from 'valibot';
import type { Caller } from '../call/call.ts';
import type { Authorize } from '../guard/bearer.ts';
import { pathShape, readPath } from '../request/path.ts';
import { readQuery } from '../request/query.ts';
import { validate } from '../request/validate.ts';
import type { ApiContext } from './context.ts';

/** A request whose caller, path and query are known to be in order. */
export interface Received<K extends OperationId> {
  readonly caller: Caller;
  /** Whether the caller's token still makes it this caller. */
  readonly stands: () => boolean;
  readonly path: PathOf<K>;
  readonly query: QueryOf<K>;
}

/** Authorizes a request before anything of it is read. */
export function receiver<K extends OperationId>(
  operation: Operation,
  authorize: Authorize,
): (c: ApiContext) => Received<K> {
  const shape = pathShape(operation.path);
  const querySchema = v.strictObject(operation.query ?? {});
  return (c) => {
    const { caller, stands } = authorize(operation, c.env.incoming);
    const { pathname, search } = targetOf(c.req.url);
    return {
      caller,
      stands,
      path: readPath(shape, pathname) as PathOf<K>,
      query: validate(querySchema, readQuery(search), 'The query') as QueryOf<K>,
    };
  };
}

/** The path and the query of a request, still encoded. */
function targetOf(url: string): { pathname: string; search: string } {
  const start = url.indexOf('/', url.indexOf('//') + 2);
  const [target = ''] = url.slice(start).split('#', 1);
  const question = target.indexOf('?');
  if (question === -1) return { pathname: target, search: '' };
  return { pathname: target.slice(0, question), search: target.slice(question + 1) };
}

const noFields = v.strictObject({});

/** The body as the operation's schema gives it. */
export function receivedBody(operation: Operation, json: Json | undefined): unknown {
  if (operation.body === undefined) {
    if (json !== undefined) validate(noFields, json, 'The body');
    return undefined;
  }
  if (json === undefined && operation.bodyOptional !== true) {
    throw new KheishError('api/bad_request', 'The body is missing.');
  }
  return validate(operation.body, json ?? {}, 'The body');
}
