import type { AuthSubject } from '@kheish/core-model';
import { LRUCache } from 'lru-cache';
import type { SlotHold, StoredLease } from './authority.ts';

/** Entries of each kind. */
const KEPT = 1_024;

/** Absent rows are kept, too: most subjects were never revoked. */
const absent = Symbol('absent');

function kept<T extends object>() {
  const known = new LRUCache<string, T | typeof absent>({ max: KEPT });
  return {
    get(id: string, read: () => T | undefined): T | undefined {
      const found = known.get(id);
      if (found !== undefined) return found === absent ? undefined : found;
      const stored = read();
      known.set(id, stored ?? absent);
      return stored;
    },
    put: (id: string, value: T) => void known.set(id, value),
    clear: () => known.clear(),
  };
}

/**
 * Who may use what, as the tables have it, kept between the calls that ask for it again and again. It changes only where
 * the store writes; after an error of the disk all of it is read anew.
 */
export class KeptAuthority {
  readonly subjects = kept<AuthSubject>();
  readonly slots = kept<SlotHold>();
  readonly leases = kept<StoredLease>();
  /** By their grant. */
  readonly newestLeases = kept<StoredLease>();
  #issues = 0;

  /** Gives how many were issued since the root was opened. */
  issued(stored: StoredLease): { readonly issues: number } {
    this.leases.put(stored.lease.id, stored);
    this.newestLeases.put(stored.lease.grant_id, stored);
    this.#issues += 1;
    return { issues: this.#issues };
  }

  forget(): void {
    this.subjects.clear();
    this.slots.clear();
    this.leases.clear();
    this.newestLeases.clear();
  }
}
