import { KheishError, type Operation, type OperationId, operations } from '@kheish/core-model';
import type { Hono } from 'hono';
import type { Log } from '../answer/log.ts';
import type { HandledOperation, Handlers, StreamOperation } from '../call/call.ts';
import type { Authorize } from '../guard/bearer.ts';
import type { ApiRedactor } from '../http-api.ts';
import type { HttpLimits } from '../http-limits.ts';
import { openApiDocument } from '../openapi/document.ts';
import { type ApiContext, type ApiEnv, send } from './context.ts';
import { handledOperation } from './handled-operation.ts';
import { type Received, receiver } from './receive.ts';
import type { StreamResponders } from './stream-operation.ts';

export interface OperationParts {
  readonly handlers: Handlers;
  readonly streams: StreamResponders;
  readonly authorize: Authorize;
  readonly unready: () => KheishError | undefined;
  readonly limits: HttpLimits;
  readonly log: Log;
  readonly redactor: ApiRedactor;
}

type Responder<K extends OperationId> = (
  c: ApiContext,
  received: Received<K>,
) => Response | Promise<Response>;
type Responders = { readonly [K in OperationId]: Responder<K> };

/** Registers a route for each operation of the table; a known path with another method is 405. */
export function registerOperations(app: Hono<ApiEnv>, parts: OperationParts): void {
  const responders = allResponders(parts);
  const methodsOf = new Map<string, string[]>();
  const openPaths = new Set<string>();
  for (const id of Object.keys(operations) as OperationId[]) {
    const operation: Operation = operations[id];
    const pattern = operation.path.replaceAll(/\{(\w+)\}/g, ':$1');
    const receive = receiver(operation, parts.authorize);
    const respond = responders[id] as Responder<OperationId>;
    app.on(operation.method, pattern, async (c) => {
      try {
        return await respond(c, receive(c));
      } catch (thrown) {
        // Hono hands only errors to its error handler.
        if (thrown instanceof Error) throw thrown;
        throw new Error('A handler threw what is no error.', { cause: thrown });
      }
    });
    const methods = operation.method === 'GET' ? ['GET', 'HEAD'] : [operation.method];
    methodsOf.set(pattern, [...(methodsOf.get(pattern) ?? []), ...methods]);
    if (operation.access === 'open') openPaths.add(pattern);
  }
  for (const [pattern, methods] of methodsOf) {
    const access = openPaths.has(pattern) ? 'open' : 'read';
    app.all(pattern, (c) => {
      parts.authorize({ access, method: 'GET' }, c.env.incoming);
      c.get('headers')['Allow'] = [...methods, 'OPTIONS'].join(', ');
      throw new KheishError('api/method_not_allowed', 'This path does not take this method.');
    });
  }
}

function allResponders(parts: OperationParts): Responders {
  const own: Omit<Responders, HandledOperation | StreamOperation> = {
    healthz: (c) => sendText(c, 'ok\n'),
    readyz: (c) => {
      const why = parts.unready();
      if (why !== undefined) throw why;
      return sendText(c, 'ready\n');
    },
    getOpenApi: (c) =>
      send(c, 200, JSON.stringify(openApiDocument()), { 'Content-Type': 'application/json' }),
  };
  const handled: Pick<Responders, HandledOperation> = Object.fromEntries(
    (Object.keys(operations) as OperationId[])
      .filter((id) => isHandled(id))
      .map((id) => [
        id,
        handledOperation<HandledOperation>(operations[id], parts.handlers[id], parts),
      ]),
  ) as unknown as Pick<Responders, HandledOperation>;
  return { ...own, ...parts.streams, ...handled };
}

function isHandled(id: OperationId): id is HandledOperation {
  const { response } = operations[id];
  return typeof response === 'object' || response === 'jsonl';
}

function sendText(c: ApiContext, text: string): Response {
  return send(c, 200, text, { 'Content-Type': 'text/plain; charset=utf-8' });
}
