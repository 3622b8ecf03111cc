import type { Clock } from '@kheish/core-model';
import type { Egress } from '@kheish/egress';
import type { LeasedCredentials } from './credentials.ts';

/** All that a driver knows of the world. Nothing is read from the environment. */
export interface DriverConfig {
  /** The root that provider paths are appended to, version segment included. */
  readonly baseUrl?: string;
  /** Absent: nothing is sent. */
  readonly credentials?: LeasedCredentials;
  /** Anthropic only: the value of `anthropic-version`. */
  readonly anthropicVersion?: string;
  /** Anthropic only: the values of `anthropic-beta`. */
  readonly anthropicBetaHeaders?: readonly string[];
  readonly egress: Egress;
  readonly clock: Clock;
}
