/** In what the servers that speak Chat Completions differ. */
export interface ChatFlavour {
  /** The driver's name, as routes and transcripts write it. */
  readonly name: string;
  /** Reasoning comes and goes back as OpenRouter's `reasoning_details`. */
  readonly reasoningDetails: boolean;
}
