import type { Generation, RoutePolicy, RuntimeModel } from '@kheish/core-model';
import type { ModelRoutes } from './model-routes.ts';

/** The models that somebody names, each `model` or `route/model`. */
export function modelsOf(generation: Generation | undefined): {
  model?: string;
  fallbackModel?: string;
} {
  const { model, fallback_model: fallbackModel } = generation ?? {};
  return {
    ...(model !== undefined && { model }),
    ...(fallbackModel !== undefined && { fallbackModel }),
  };
}

/** A session that names neither route nor model follows the operator's choice. */
export function withDefaultModel(
  policy: RoutePolicy | undefined,
  chosen: RuntimeModel | undefined,
): RoutePolicy | undefined {
  const named = policy?.route_id !== undefined || policy?.generation?.model !== undefined;
  if (chosen === undefined || named) return policy;
  const { route_id: routeId, model } = chosen;
  return {
    ...(routeId !== undefined && { route_id: routeId }),
    generation: { ...policy?.generation, ...(model !== undefined && { model }) },
  };
}

/** The policy with `route/model` taken apart, once it is known to name a route that is there. */
export function pinnedPolicy(routes: ModelRoutes, policy: RoutePolicy): RoutePolicy {
  const { route_id: routeId, generation } = policy;
  const models = modelsOf(generation);
  const pin = routes.pin({ ...(routeId !== undefined && { routeId }), ...models });
  const { model } = models;
  const named = routeId !== undefined || (model !== undefined && model !== pin.model);
  const { fallback_model: _selector, ...rest } = generation ?? {};
  return {
    ...(named && { route_id: pin.route_id }),
    ...(generation && {
      generation: {
        ...rest,
        ...(model !== undefined && { model: pin.model }),
        ...(pin.fallback_model !== undefined && { fallback_model: pin.fallback_model }),
      },
    }),
  };
}
