import type { SeededChance } from '../../harness/seeded-chance.ts';
import type { RawRequest } from '../raw-http.ts';
import type { ApiDocument, ApiOperation } from './api-document.ts';
import { brokenText, fitting, mutated, once, oneOf } from './values.ts';

/** What the daemon has told of so far: ids that exist or did, by the name of the parameter that takes them. */
export type Known = Readonly<Record<string, string[]>>;

export interface Tokens {
  readonly admin: string;
  readonly readonly: string;
  /** What a slot is given. */
  readonly secret: string;
}

const wrongIds = [
  'missing',
  '..',
  '%2e%2e%2f',
  '%00',
  '%',
  '%zz',
  '%C0%AF',
  '%FF',
  '%F0%9F%98%80',
  '__proto__',
  'constructor',
  'toString',
  'x'.repeat(257),
  'x'.repeat(6_000),
];
const numbers = ['0', '1', '7', '99', '-1', 'x', '', '1e9', 'MQ', '99999999999999999999', '%00'];
const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'];

function pathOf(operation: ApiOperation, known: Known, chance: SeededChance): string {
  return operation.path.replaceAll(/\{(\w+)\}/g, (all, name: string, at: number) => {
    const real = known[name] ?? [];
    if (real.length === 0 || once(chance, 6)) {
      const wrong = oneOf(chance, wrongIds);
      // In the middle of a path it would make another operation of it.
      const isLast = at + all.length === operation.path.length;
      return wrong === '..' && !isLast ? 'missing' : wrong;
    }
    return encodeURIComponent(oneOf(chance, real.slice(-40)));
  });
}

function queryOf(operation: ApiOperation, known: Known, chance: SeededChance): string {
  const pairs = operation.parameters
    .filter((parameter) => parameter.in === 'query' && once(chance, 4))
    .map(({ name, schema }) => {
      const real = known[name] ?? [];
      const listed = (schema.enum ?? []) as readonly string[];
      if (listed.length > 0 && !once(chance, 4)) return `${name}=${oneOf(chance, listed)}`;
      if (real.length === 0 || once(chance, 3)) return `${name}=${oneOf(chance, numbers)}`;
      return `${name}=${encodeURIComponent(oneOf(chance, real))}`;
    });
  if (once(chance, operation.path.includes('{') ? 40 : 15))
    pairs.push(oneOf(chance, ['surprise=1', 'limit=1&limit=2', '__proto__=1', '%', '=']));
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

function authorization(tokens: Tokens, chance: SeededChance): Record<string, string> {
  if (!once(chance, 12)) return { authorization: `Bearer ${tokens.admin}` };
  return oneOf<Record<string, string>>(chance, [
    { authorization: `Bearer ${tokens.readonly}` },
    { authorization: `bearer  ${tokens.readonly}` },
    {},
    { authorization: 'Bearer wrong' },
    { authorization: `Bearer ${tokens.admin}x` },
    { authorization: `Bearer ${tokens.admin} ${tokens.admin}` },
    { authorization: `Basic ${Buffer.from(`admin:${tokens.admin}`).toString('base64')}` },
    { authorization: tokens.admin },
    { authorization: '' },
  ]);
}

function otherHeaders(chance: SeededChance): Record<string, string> {
  const headers: Record<string, string> = {};
  if (once(chance, 10))
    headers['idempotency-key'] = oneOf(chance, ['k1', 'k2', ' ', 'k\t', 'k'.repeat(300)]);
  if (once(chance, 20)) headers['last-event-id'] = oneOf(chance, numbers);
  if (once(chance, 60))
    headers['origin'] = oneOf(chance, ['null', 'http://localhost:1', 'https://evil.example']);
  if (once(chance, 90))
    headers['host'] = oneOf(chance, ['evil.example', 'LOCALHOST', '', '[::1', 'a b']);
  if (once(chance, 60)) headers['content-encoding'] = oneOf(chance, ['gzip', 'identity']);
  if (once(chance, 60)) headers['__proto__x'] = 'y'.repeat(4_000);
  return headers;
}

/** A request that fits the operation, or nearly does. */
export function requestFor(
  document: ApiDocument,
  operation: ApiOperation,
  known: Known,
  tokens: Tokens,
  chance: SeededChance,
): RawRequest {
  const method = once(chance, 40) ? oneOf(chance, methods) : operation.method;
  const headers = { ...otherHeaders(chance), ...authorization(tokens, chance) };
  const request = {
    method,
    path: pathOf(operation, known, chance) + queryOf(operation, known, chance),
    headers,
    headOnly: operation.isStream,
  };
  const surprise = operation.body === undefined && once(chance, 20);
  if (operation.body === undefined && !surprise) return request;
  if (!operation.bodyRequired && once(chance, 5)) return request;
  const value = fitting(document, operation.body ?? { type: 'object' }, chance, tokens.secret);
  const text = JSON.stringify(once(chance, 3) ? mutated(value, chance) : value);
  const type = once(chance, 40)
    ? oneOf(chance, ['text/plain', 'application/xml', 'application/json; charset=utf-16'])
    : 'application/json';
  return {
    ...request,
    headers: { 'content-type': type, ...headers },
    body: once(chance, 12) ? brokenText(text, chance) : text,
  };
}
