import type { IncomingMessage } from 'node:http';
import type { AuthFailure, Clock, Operation } from '@kheish/core-model';
import { FailureLimit } from './failure-limit.ts';

const MAX_OF_BUCKET = 60;
const MAX_IN_ALL = 600;
const MAX_TEXT = 256;

const events = {
  auth: ['auth_failure', 'auth_rate_limited'],
  cors: ['cors_origin_rejected', 'cors_origin_rate_limited'],
  host: ['host_rejected', 'host_rate_limited'],
} as const;

/** Who was not let in, and why. */
export interface Refusal {
  readonly kind: keyof typeof events;
  readonly reason: string;
  readonly access?: Operation['access'];
  readonly tokenId?: string | undefined;
}

/** Takes note of a refusal; it must neither throw nor wait. */
export type NoteRefusal = (failure: AuthFailure) => void;

/**
 * Counts refusals by reason and remote address, and hands them on to be noted: 60 of each in a minute and 600 in all,
 * then one that says so, then none.
 */
export class Refusals {
  readonly #clock: Clock;
  readonly #note: NoteRefusal;
  readonly #bySource: FailureLimit;
  readonly #inAll: FailureLimit;

  constructor(clock: Clock, note: NoteRefusal) {
    this.#clock = clock;
    this.#note = note;
    this.#bySource = new FailureLimit(clock);
    this.#inAll = new FailureLimit(clock);
  }

  /** True where there are too many of the same kind from there. */
  add(refusal: Refusal, incoming: IncomingMessage): boolean {
    const { kind, reason, access, tokenId } = refusal;
    const { remoteAddress } = incoming.socket;
    const count = this.#bySource.count(`${reason} ${remoteAddress ?? ''}`);
    if (count > MAX_OF_BUCKET + 1) return true;
    const all = this.#inAll.count('');
    if (all > MAX_IN_ALL + 1) return count > MAX_OF_BUCKET;
    const [one, tooMany] = events[kind];
    const { origin } = incoming.headers;
    this.#note({
      timestamp_ms: this.#clock.now(),
      event: count > MAX_OF_BUCKET || all > MAX_IN_ALL ? tooMany : one,
      method: incoming.method ?? '',
      path: pathOf(incoming),
      reason,
      ...(origin !== undefined && { origin: origin.slice(0, MAX_TEXT) }),
      ...(remoteAddress !== undefined && { remote_addr: remoteAddress }),
      ...(access !== undefined && access !== 'open' && { required_access: access }),
      ...(tokenId !== undefined && { token_id: tokenId }),
    });
    return count > MAX_OF_BUCKET;
  }
}

/** Without its query, and without what was presented as a token, where somebody put that there too. */
function pathOf({ url = '', headers }: IncomingMessage): string {
  const [path = ''] = url.split(/[?#]/, 1);
  const presented = headers.authorization?.split(/[ \t]+/)[1] ?? '';
  const shown = presented === '' ? path : path.replaceAll(presented, '[redacted]');
  return shown.slice(0, MAX_TEXT);
}
