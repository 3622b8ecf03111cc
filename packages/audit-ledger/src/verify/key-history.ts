import type { KeyChange } from '../seal/key-change.ts';

/** A stretch of the log that one key sealed. */
interface Span {
  readonly keyId: string;
  /** Sizes of the log at which the key was in force. */
  readonly from: number;
  to?: number;
  /** `announced`: the key before it said so; `lost`: only the key itself says so; `unknown`: nothing says so. */
  readonly entered: 'first' | 'announced' | 'lost' | 'unknown';
}

/** Which key sealed which part of a log, and on whose word. */
export class KeyHistory {
  readonly spans: Span[] = [];

  /** The entries `from` to `to` are sealed by `keyId`, and these key changes are among them. Returns what contradicts. */
  sealed(keyId: string, from: number, to: number, changes: readonly KeyChange[]): string[] {
    const wrong: string[] = [];
    const current = this.spans.at(-1);
    if (current === undefined) {
      this.spans.push({ keyId, from, entered: 'first' });
    } else if (keyId !== current.keyId) {
      const lost = changes.some(
        (change) =>
          !change.announced && change.oldKeyId === current.keyId && change.newKeyId === keyId,
      );
      if (!lost) wrong.push(`sealed with key ${keyId}, which nothing before it announces`);
      this.#enter({ keyId, from, entered: lost ? 'lost' : 'unknown' });
    }
    for (const { announced, oldKeyId, newKeyId } of changes) {
      if (announced && oldKeyId === keyId) {
        this.#enter({ keyId: newKeyId, from: to, entered: 'announced' });
      } else if (announced || newKeyId !== keyId) {
        wrong.push(`says that key ${newKeyId} follows ${oldKeyId}, and is sealed with ${keyId}`);
      }
    }
    return wrong;
  }

  /** Whether the key was in force when the log had this size. */
  inForce(keyId: string, size: number): boolean {
    return this.spans.some(
      (span) => span.keyId === keyId && span.from <= size && size <= (span.to ?? size),
    );
  }

  /** Whether the key in force at the end is a trusted one, or was announced by one, step by step. */
  leadsFrom(trusted: ReadonlySet<string>): boolean {
    let known = false;
    for (const { keyId, entered } of this.spans) {
      known = trusted.has(keyId) || (entered === 'announced' && known);
    }
    return known;
  }

  #enter(span: Span): void {
    const last = this.spans.at(-1);
    if (last !== undefined) last.to = span.from;
    this.spans.push(span);
  }
}
