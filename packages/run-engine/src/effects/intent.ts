import type { EventOf } from '@kheish/core-model';

/** An effect that is on disk and is to be performed. */
export type Intent = Omit<EventOf<'action_intended'>, 'request_digest'>;
