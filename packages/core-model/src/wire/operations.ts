import type * as v from 'valibot';
import { askedOperations } from './operations/asked-operations.ts';
import { auditOperations } from './operations/audit-operations.ts';
import { authOperations } from './operations/auth-operations.ts';
import { backupOperations } from './operations/backup-operations.ts';
import { configurationOperations } from './operations/configuration-operations.ts';
import { daemonOperations } from './operations/daemon-operations.ts';
import type { Operation } from './operations/operation.ts';
import { retentionOperations } from './operations/retention-operations.ts';
import { runOperations } from './operations/run-operations.ts';
import { secretOperations } from './operations/secret-operations.ts';
import { sessionOperations } from './operations/session-operations.ts';
import { taskOperations } from './operations/task-operations.ts';
import { tokenOperations } from './operations/token-operations.ts';

export type { Operation } from './operations/operation.ts';

/** The whole HTTP API as data: the server, the OpenAPI document, the client and its types are read off it. */
export const operations = {
  ...daemonOperations,
  ...backupOperations,
  ...secretOperations,
  ...authOperations,
  ...sessionOperations,
  ...runOperations,
  ...retentionOperations,
  ...askedOperations,
  ...taskOperations,
  ...configurationOperations,
  ...auditOperations,
  ...tokenOperations,
} as const satisfies Record<string, Operation>;

export type Operations = typeof operations;
export type OperationId = keyof Operations;

type PathNames<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** Path parameters of an operation. */
export type PathOf<K extends OperationId> = { [N in PathNames<Operations[K]['path']>]: string };

/** Query parameters of an operation. */
export type QueryOf<K extends OperationId> = Operations[K] extends {
  query: infer Q extends Record<string, v.GenericSchema<string | undefined>>;
}
  ? { [N in keyof Q]?: v.InferOutput<Q[N]> }
  : Record<never, never>;

/** JSON body of an operation; undefined where it takes none. */
export type BodyOf<K extends OperationId> = Operations[K] extends {
  body: infer B extends v.GenericSchema;
}
  ? v.InferOutput<B>
  : undefined;

/** What an operation answers when it succeeds. */
export type ResponseOf<K extends OperationId> = Operations[K]['response'] extends infer R
  ? R extends v.GenericSchema
    ? v.InferOutput<R>
    : R extends 'openapi'
      ? Record<string, unknown>
      : R extends 'jsonl'
        ? AsyncIterable<string>
        : string
  : never;
