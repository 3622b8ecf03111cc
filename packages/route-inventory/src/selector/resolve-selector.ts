import { KheishError, type RoutePin, type RoutePolicy } from '@kheish/core-model';
import { supportsModel, type Route, type RouteInventory } from '../route.ts';
import { splitSelector } from './split-selector.ts';

/** What a run and its session ask for. */
export interface RouteRequest {
  /** `model` or `route/model`. */
  readonly selector?: string;
  readonly routeId?: string;
  /** A model's name as it is; it is never split. */
  readonly model?: string;
  /** `model` or `route/model`; a route that is named must be the one selected. */
  readonly fallbackModel?: string;
  /** The session's policy, for what the run leaves open. */
  readonly policy?: RoutePolicy;
}

function agreed(what: string, left: string | undefined, right: string | undefined) {
  if (left !== undefined && right !== undefined && left !== right) {
    throw new KheishError(
      'routes/selector_conflict',
      `The ${what} "${left}" of the selector conflicts with the selected ${what} "${right}".`,
    );
  }
  return left ?? right;
}

function requireRoute(inventory: RouteInventory, id: string): Route {
  const route = inventory.routes.get(id);
  if (route === undefined) {
    throw new KheishError(
      'routes/unknown_route',
      `The daemon has no route configured for "${id}"; load a routes file that has it, or select another route.`,
    );
  }
  return route;
}

function requireModel(route: Route, model: string): void {
  if (!supportsModel(route, model)) {
    throw new KheishError(
      'routes/model_not_supported',
      `The model "${model}" is not compatible with route "${route.id}".`,
    );
  }
}

/**
 * The route and model of a run: what the run names, else the session's policy, else the default.
 * A policy's models count only on the route that the policy itself would take.
 * Throws `routes/no_routes`, `routes/unknown_route`, `routes/model_not_supported`, `routes/selector_conflict`.
 */
export function resolveSelector(inventory: RouteInventory, request: RouteRequest): RoutePin {
  if (inventory.defaultRoute === undefined) {
    throw new KheishError(
      'routes/no_routes',
      'The daemon has no model routes configured; start it with --routes-file, or with --provider.',
    );
  }
  const parts =
    request.selector === undefined ? undefined : splitSelector(inventory, request.selector);
  const policyRoute = request.policy?.route_id ?? inventory.defaultRoute;
  const routeId = agreed('route', parts?.routeId, request.routeId) ?? policyRoute;
  const policy = routeId === policyRoute ? request.policy?.generation : undefined;
  const route = requireRoute(inventory, routeId);
  const model = agreed('model', parts?.model, request.model) ?? policy?.model ?? route.defaultModel;
  requireModel(route, model);
  const fallback = ownFallback(inventory, route, request.fallbackModel) ?? policy?.fallback_model;
  if (fallback !== undefined) requireModel(route, fallback);
  return {
    route_id: route.id,
    driver: route.driver,
    model,
    // A model cannot stand in for itself.
    ...(fallback !== undefined && fallback !== model && { fallback_model: fallback }),
  };
}

function ownFallback(inventory: RouteInventory, route: Route, selector: string | undefined) {
  if (selector === undefined) return undefined;
  const parts = splitSelector(inventory, selector);
  agreed('route', parts.routeId, route.id);
  return parts.model;
}

/**
 * The route that a run was pinned to, checked again just before it executes.
 * Throws `routes/unknown_route` where it is gone, or has another driver now; `routes/model_not_supported`.
 */
export function routeOfPin(inventory: RouteInventory, pin: RoutePin): Route {
  const route = requireRoute(inventory, pin.route_id);
  if (route.driver !== pin.driver) {
    throw new KheishError(
      'routes/unknown_route',
      `The route "${pin.route_id}" had driver ${pin.driver} when the run was accepted and has ${route.driver} now.`,
    );
  }
  requireModel(route, pin.model);
  return route;
}
