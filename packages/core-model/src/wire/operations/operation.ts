import * as v from 'valibot';

/** Who may call: anyone, the read-only token, or the admin token only. */
export type Access = 'open' | 'read' | 'admin';

type Parameters = Record<string, v.GenericSchema<string | undefined>>;

/** One operation of the HTTP API. Paths have `{name}` for parameters. */
export interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly access: Access;
  readonly summary: string;
  readonly query?: Parameters;
  /** Absent: the operation takes no body. */
  readonly body?: v.GenericSchema;
  /** An empty body stands for `{}`. */
  readonly bodyOptional?: true;
  /** Status of success. */
  readonly status: 200 | 201 | 202;
  readonly response: v.GenericSchema | 'text' | 'event-stream' | 'openapi';
  /** The body brings secrets, for the slots; those of all others are without known ones. */
  readonly takesSecrets?: true;
  /** Takes an `Idempotency-Key`. */
  readonly idempotent?: true;
}

export const cursorQuery = { cursor: v.optional(v.string()) };
