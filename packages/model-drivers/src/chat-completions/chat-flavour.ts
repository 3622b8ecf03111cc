import type { ModelRequest } from '@kheish/core-model';

export type Effort = NonNullable<NonNullable<ModelRequest['generation']['reasoning']>['effort']>;

/** In what the servers that speak Chat Completions differ. */
export interface ChatFlavour {
  /** The driver's name, as routes and transcripts write it. */
  readonly name: string;
  /** Reasoning comes and goes back as OpenRouter's `reasoning_details`. */
  readonly reasoningDetails: boolean;
  /** What the limit of the output is called. */
  readonly limit: 'max_tokens' | 'max_completion_tokens';
  /** The nearest effort for those that the server does not know. */
  readonly efforts?: Readonly<Partial<Record<Effort, Effort>>>;
  /** Reasoning is not part of `completion_tokens`. */
  readonly reasoningBesideOutput?: boolean;
}
