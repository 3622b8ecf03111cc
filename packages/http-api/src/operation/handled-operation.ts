import {
  type BodyOf,
  type Json,
  KheishError,
  type Operation,
  isJsonObject,
} from '@kheish/core-model';
import type { Log } from '../answer/log.ts';
import { type Call, type HandledOperation, type Handlers, isReplayed } from '../call/call.ts';
import { idempotencyRequest } from '../call/idempotency.ts';
import type { ApiRedactor } from '../http-api.ts';
import type { HttpLimits } from '../http-limits.ts';
import { readJsonBody } from '../request/json-body.ts';
import { type ApiContext, send } from './context.ts';
import { type Received, receivedBody } from './receive.ts';
import { sendLines } from './send-lines.ts';

/** Hands a request to the host's handler, and its answer to the caller. */
export function handledOperation<K extends HandledOperation>(
  operation: Operation,
  handle: Handlers[K],
  {
    limits,
    redactor,
    log,
  }: { readonly limits: HttpLimits; readonly redactor: ApiRedactor; readonly log: Log },
): (c: ApiContext, received: Received<K>) => Promise<Response> {
  return async (c, { stands, ...received }) => {
    const { incoming } = c.env;
    const requireStanding = () => {
      if (!stands())
        throw new KheishError('auth/invalid_token', 'The token was revoked meanwhile.');
    };
    const sent = operation.method === 'GET' ? undefined : await readJsonBody(incoming, limits);
    // Before anything comes of it: a digest of it would be another one than that of what is kept.
    const json = operation.takesSecrets ? sent : withoutSecrets(sent, redactor);
    const body = receivedBody(operation, json) as BodyOf<K>;
    const idempotency =
      operation.idempotent &&
      idempotencyRequest({
        caller: received.caller,
        method: operation.method,
        path: filledPath(operation.path, received.path),
        header: headerValue(incoming.headers['idempotency-key']),
        body: json,
      });
    const call: Call<K> = { ...received, body, ...(idempotency && { idempotency }) };
    // A body may be long in coming, and an answer too: a token that was revoked meanwhile gets none.
    if (operation.method !== 'GET') requireStanding();
    const given = handle(call);
    const answer = await given;
    if (operation.method === 'GET' && given instanceof Promise) requireStanding();
    if (!isReplayed(answer)) {
      if (operation.response === 'jsonl') {
        const pieces = answer as unknown as AsyncIterable<string>;
        return sendLines(c, whileStanding(pieces, requireStanding), log);
      }
      const type = { 'Content-Type': 'application/json' };
      return send(c, operation.status, JSON.stringify(answer), type);
    }
    const { status, body: stored } = answer.replayed;
    return send(c, status, stored, {
      'Content-Type': status < 400 ? 'application/json' : 'application/problem+json',
      'Idempotency-Replayed': 'true',
    });
  };
}

/** An id is a name for others to use: one with a mark in it would be another one. */
function withoutSecrets(sent: Json | undefined, redactor: ApiRedactor): Json | undefined {
  const json = redactor.redactForeign(sent);
  if (json === sent || !isJsonObject(sent) || !isJsonObject(json)) return json;
  const named = Object.keys(sent).find((key) => key.endsWith('_id') && json[key] !== sent[key]);
  if (named === undefined) return json;
  throw new KheishError('api/bad_request', `There is a known secret in ${named}.`);
}

async function* whileStanding(pieces: AsyncIterable<string>, requireStanding: () => void) {
  for await (const piece of pieces) {
    requireStanding();
    yield piece;
  }
}

function headerValue(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header;
}

function filledPath(pattern: string, path: Readonly<Record<string, string>>): string {
  return pattern.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(path[name] ?? ''),
  );
}
