import { type RunView, type SessionView, operations } from '@kheish/core-model';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Client, createClient } from './create-client.ts';

/** Which operation a request is, by method and path. */
function operationOf(method: string, url: string): string {
  const { pathname } = new URL(url);
  const found = Object.entries(operations).find(([, operation]) => {
    const pattern = operation.path.replaceAll('.', String.raw`\.`).replace(/\{\w+\}/g, '[^/]+');
    return operation.method === method && new RegExp(`^${pattern}$`).test(pathname);
  });
  return found?.[0] ?? `no operation: ${method} ${pathname}`;
}

type Tree = { [name: string]: Tree | ((...values: unknown[]) => unknown) };

/** Calls every method of the client, however deep, and collects the operations that reach the wire. */
async function operationsReached(): Promise<Set<string>> {
  const reached = new Set<string>();
  const client = createClient({
    baseUrl: 'http://daemon',
    fetch: async (input, init) => {
      const url = input instanceof Request ? input.url : String(input);
      reached.add(operationOf(init?.method ?? 'GET', url));
      return new Response('{}', { status: 400 });
    },
  });
  const call = async (node: Tree): Promise<void> => {
    for (const [name, member] of Object.entries(node)) {
      if (name === 'request' || typeof member === 'string') continue;
      if (typeof member !== 'function') {
        await call(member);
        continue;
      }
      const followed = name === 'stream' || name === 'export';
      const options = { cursor: '0' };
      const made = followed && member.length === 0 ? member(options) : member('id', options);
      const first = followed
        ? [(made as AsyncIterable<unknown>)[Symbol.asyncIterator]().next()]
        : [made, member('id', 'id of a part')];
      await Promise.allSettled(first);
    }
  };
  await call(client as unknown as Tree);
  return reached;
}

describe('the client', () => {
  test('has a method for every operation of the API, and no request beside them', async () => {
    const reached = await operationsReached();
    expect([...reached].toSorted()).toEqual(Object.keys(operations).toSorted());
  });

  test('infers answers and arguments from the table of operations', () => {
    const client = {} as Client;
    const reads = () => client.request('getRun', { path: { run_id: 'r' } });
    expectTypeOf(reads).returns.resolves.toEqualTypeOf<RunView>();
    const creates = () => client.request('createSession', {});
    expectTypeOf(creates).returns.resolves.toEqualTypeOf<SessionView>();
    const probes = () => client.healthz();
    expectTypeOf(probes).returns.resolves.toEqualTypeOf<string>();
    const wrong = () => [
      // @ts-expect-error the path is needed
      client.request('getRun', {}),
      // @ts-expect-error the body is needed
      client.request('submitInput', { path: { session_id: 's' } }),
      // @ts-expect-error the operation takes no body
      client.request('getStatus', { body: {} }),
      // @ts-expect-error a stream is not a request
      client.request('streamEvents', {}),
    ];
    expect(wrong).toBeTypeOf('function');
  });
});
