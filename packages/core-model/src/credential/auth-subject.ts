/** What the operator decided of a subject; `epoch` 0 and not revoked where nobody ever revoked it. */
export interface AuthSubject {
  readonly subject_id: string;
  /** Grows by one with each revocation; leases of an earlier epoch are void for good. */
  readonly epoch: number;
  readonly revoked: boolean;
}

/** In whose name runs of a session use credentials. Others are `agent:<id>`, `connector:<name>` and `daemon`. */
export function subjectOfSession(sessionId: string): string {
  return `session:${sessionId}`;
}

/** The session of a subject of that kind. */
export function sessionOfSubject(subjectId: string): string | undefined {
  return subjectId.startsWith('session:') ? subjectId.slice('session:'.length) : undefined;
}
