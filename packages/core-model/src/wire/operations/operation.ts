import * as v from 'valibot';
import type { Access } from '../../access/api-role.ts';

type Parameters = Record<string, v.GenericSchema<string | undefined>>;

/** One operation of the HTTP API. Paths have `{name}` for parameters. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  /** Without one there is no operation: nothing is open because somebody forgot to say so. */
  readonly access: Access;
  readonly summary: string;
  readonly query?: Parameters;
  /** Absent: the operation takes no body. */
  readonly body?: v.GenericSchema;
  /** An empty body stands for `{}`. */
  readonly bodyOptional?: true;
  /** Status of success. */
  readonly status: 200 | 201 | 202;
  /** `jsonl`: one JSON value a line, as many as there are. */
  readonly response: v.GenericSchema | 'text' | 'event-stream' | 'openapi' | 'jsonl';
  /** The body brings secrets, for the slots; those of all others are without known ones. */
  readonly takesSecrets?: true;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: true;
}

export const flag = v.optional(v.picklist(['true', 'false']));

export const cursorQuery = { cursor: v.optional(v.string()) };
