import type { EventOf, ModelDriver, Price, RoutePin, RoutePolicy } from '@kheish/core-model';

/** Where runs find their models. */
export interface ModelRoutes {
  /**
   * The route and models for an input: what it names itself before the session's policy before the default.
   * Throws `routes/...` where there is none, or where it is not ready.
   */
  pin(request: {
    routeId?: string;
    model?: string;
    fallbackModel?: string;
    policy?: RoutePolicy;
  }): RoutePin;
  /**
   * The driver of a pinned route for a call that was intended, with the route's credentials on loan. Throws `routes/...`
   * where the route is gone, `credentials/...` where it is not lent, and `storage/...` where a lease cannot be written.
   */
  driver(
    pin: RoutePin,
    intent: Pick<EventOf<'action_intended'>, 'session_id' | 'grant_id'>,
  ): Promise<ModelDriver>;
  /** What holds the credential of a route; undefined where it needs none. */
  slotId(routeId: string): string | undefined;
  /** What the model costs on the route; undefined where nobody said. */
  price(routeId: string, model: string): Price | undefined;
  /** Tokens that a prompt and its answer may have together. */
  contextWindow(routeId: string): number;
  /** The route's own system prompt. */
  systemPrompt(routeId: string): string | undefined;
}
