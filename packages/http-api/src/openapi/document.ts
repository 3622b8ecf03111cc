import { type JsonObject, type Operation, type OperationId, operations } from '@kheish/core-model';
import type * as v from 'valibot';
import { namedSchemas, schemaOf } from './json-schema.ts';

let document: JsonObject | undefined;

/** The HTTP API as OpenAPI 3.1, read off the operations table. Made on first use, and not to be changed. */
export function openApiDocument(): JsonObject {
  document ??= plain(build());
  return document;
}

function build() {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const id of Object.keys(operations) as OperationId[]) {
    const operation: Operation = operations[id];
    const path = (paths[operation.path] ??= {});
    path[operation.method.toLowerCase()] = describe(id, operation);
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Kheish control plane',
      version: '1',
      description: 'Durable, governed agent runs: submit work, follow it, govern it.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description:
            'A token has a role: `admin` may do everything, `operator` what says `x-access: operator` or `read`, ' +
            '`readonly` what says `read`.',
        },
      },
      responses: { Problem: problemResponse },
      schemas: namedSchemas(),
    },
  };
}

const problemResponse = {
  description: 'What went wrong, by a stable `domain` and `code`.',
  headers: {
    'Retry-After': {
      description: 'Seconds after which the same request may succeed.',
      schema: { type: 'integer' },
    },
  },
  content: {
    'application/problem+json': { schema: { $ref: '#/components/schemas/ProblemDetails' } },
  },
};

function describe(id: OperationId, operation: Operation) {
  return {
    operationId: id,
    summary: operation.summary,
    'x-access': operation.access,
    ...(operation.access === 'open' && { security: [] }),
    parameters: parameters(operation),
    ...(operation.body && {
      requestBody: {
        required: operation.bodyOptional !== true,
        content: { 'application/json': { schema: schemaOf(operation.body) } },
      },
    }),
    responses: responses(operation),
  };
}

function parameters(operation: Operation) {
  const names = [...operation.path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
  return [
    ...names.map((name) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1, maxLength: 256 },
    })),
    ...Object.entries(operation.query ?? {}).map(([name, schema]) => ({
      name,
      in: 'query',
      required: schema.type !== 'optional',
      schema: schemaOf(schema as v.GenericSchema),
    })),
    ...(operation.idempotent
      ? [
          {
            name: 'Idempotency-Key',
            in: 'header',
            required: false,
            description: 'The same key and body again is answered as before.',
            schema: { type: 'string', minLength: 1, maxLength: 255 },
          },
        ]
      : []),
    ...(operation.response === 'event-stream'
      ? [
          {
            name: 'Last-Event-ID',
            in: 'header',
            required: false,
            description: 'Like `cursor`; the larger of the two counts.',
            schema: { type: 'string', pattern: '^[0-9]*$' },
          },
        ]
      : []),
  ];
}

function responses(operation: Operation) {
  const problem = { $ref: '#/components/responses/Problem' };
  const refusals = [
    ...(operation.access === 'open' ? [] : ['401', '403', '429']),
    ...(operation.path.includes('{') ? ['400', '404'] : []),
    ...(operation.query || operation.method !== 'GET' ? ['400'] : []),
    ...(operation.body ? ['409', '413', '415'] : []),
  ];
  return {
    [operation.status]: {
      description: 'Success.',
      ...(operation.idempotent && { headers: replayHeader }),
      content: successContent(operation.response),
    },
    ...Object.fromEntries(refusals.map((status) => [status, problem])),
    default: problem,
  };
}

const replayHeader = {
  'Idempotency-Replayed': {
    description: '`true` where this is the stored answer to an earlier request.',
    schema: { type: 'string', enum: ['true'] },
  },
};

function successContent(response: Operation['response']) {
  if (response === 'text') return { 'text/plain': { schema: { type: 'string' } } };
  if (response === 'openapi') return { 'application/json': { schema: { type: 'object' } } };
  if (response === 'jsonl') return { 'application/jsonl': { schema: { type: 'string' } } };
  if (response !== 'event-stream') {
    return { 'application/json': { schema: schemaOf(response) } };
  }
  return {
    'text/event-stream': {
      schema: {
        type: 'string',
        description:
          'Server-sent events. A journaled event has its `seq` as `id:`, its `type` as `event:` and the RecordedEvent as ' +
          '`data:`. `model_delta` has no id and is not kept. `stream_gap` says that the cursor was below the retention ' +
          'floor. Comment lines keep the connection alive.',
      },
      'x-event-data': {
        anyOf: ['RecordedEvent', 'ModelDelta', 'StreamGap'].map((name) => ({
          $ref: `#/components/schemas/${name}`,
        })),
      },
    },
  };
}

function plain(value: unknown): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
