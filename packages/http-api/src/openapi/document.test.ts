import { readFileSync } from 'node:fs';
import { type OperationId, operations } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { rawRequest } from '../testing/raw-request.ts';
import { runningApi } from '../testing/running-api.ts';
import { openApiDocument } from './document.ts';

interface Described {
  operationId: string;
  parameters: { name: string; in: string; required: boolean }[];
  requestBody?: { required: boolean; content: Record<string, { schema: object }> };
  responses: Record<string, { content?: Record<string, { schema: object }> }>;
  security?: unknown[];
}

const document = openApiDocument() as unknown as {
  openapi: string;
  paths: Record<string, Record<string, Described>>;
  components: { schemas: Record<string, object> };
};
const described = Object.values(document.paths).flatMap((path) => Object.values(path));

function describedAs(id: OperationId): Described {
  const found = described.find((operation) => operation.operationId === id);
  if (found === undefined) throw new Error(`${id} is not described`);
  return found;
}

describe('the OpenAPI document', () => {
  test('is the one that is checked in; `pnpm --filter @kheish/http-api openapi` rewrites it', () => {
    const checkedIn = readFileSync(new URL('../../openapi.json', import.meta.url), 'utf8');
    expect(JSON.stringify(JSON.parse(checkedIn))).toBe(JSON.stringify(document));
  });

  test('describes each operation of the table once, where it is', () => {
    const places = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { operationId }]) => [operationId, method, path]),
    );
    expect(places).toEqual(
      expect.arrayContaining(
        Object.entries(operations).map(([id, { method, path }]) => [
          id,
          method.toLowerCase(),
          path,
        ]),
      ),
    );
    expect(places).toHaveLength(Object.keys(operations).length);
  });

  test('every reference leads to a schema or response that is there', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)];
    expect(references.length).toBeGreaterThan(50);
    for (const [, path = ''] of references) {
      let target: unknown = document;
      for (const name of path.split('/')) target = (target as Record<string, unknown>)[name];
      expect([path, typeof target]).toEqual([path, 'object']);
    }
  });

  test('has full bodies, parameters, security and problems', () => {
    const submit = describedAs('submitInput');
    expect(submit.parameters.map(({ name, in: where }) => `${where} ${name}`)).toEqual([
      'path session_id',
      'header Idempotency-Key',
    ]);
    expect(submit.requestBody?.required).toBe(true);
    expect(describedAs('createSession').requestBody?.required).toBe(false);
    expect(document.components.schemas['SubmitInputRequest']).toMatchObject({
      required: ['content'],
      additionalProperties: false,
      properties: { metadata: { type: 'object' }, generation: { $ref: expect.any(String) } },
    });
    expect(submit.responses['default']).toEqual({ $ref: '#/components/responses/Problem' });
    expect(describedAs('healthz').security).toEqual([]);
    expect(submit.security).toBeUndefined();
    const runs = describedAs('listRuns').parameters;
    expect(runs.map(({ name }) => name)).toEqual(['limit', 'cursor', 'session_id', 'order']);
    expect(runs.some(({ required }) => required)).toBe(false);
    expect(Object.keys(describedAs('streamRun').responses['200']?.content ?? {})).toEqual([
      'text/event-stream',
    ]);
  });

  test('is served', async () => {
    const { port } = await runningApi();
    const answer = await rawRequest(port, { path: '/v1/openapi.json' });
    expect(answer.json()).toEqual(document);
  });
});
