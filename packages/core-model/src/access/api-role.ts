import * as v from 'valibot';

/** What a token is for. `ingress` is for connectors that deliver from outside, and for nothing else. */
export const ApiRole = v.picklist(['admin', 'operator', 'readonly', 'ingress']);
export type ApiRole = v.InferOutput<typeof ApiRole>;

/** What an operation asks of its caller: anyone, a look, the day's work on sessions and runs, or everything. */
export type Access = 'open' | 'read' | 'operator' | 'admin';

const admitted: Readonly<Record<Access, readonly ApiRole[]>> = {
  open: ['admin', 'operator', 'readonly', 'ingress'],
  read: ['admin', 'operator', 'readonly'],
  operator: ['admin', 'operator'],
  admin: ['admin'],
};

/** Whether callers of this role may call operations of this access. */
export function admits(access: Access, role: ApiRole): boolean {
  return admitted[access].includes(role);
}
