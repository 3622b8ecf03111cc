import { KheishError } from '@kheish/core-model';
import type { RouteInventory } from '../route.ts';

export interface SelectorParts {
  readonly routeId?: string;
  readonly model: string;
}

/**
 * Splits `route/model` at its first slash. A prefix that is no route of the inventory belongs to the model's name.
 * Throws `routes/model_not_supported` for a route without a model and for a blank selector.
 */
export function splitSelector(
  inventory: Pick<RouteInventory, 'routes'>,
  selector: string,
): SelectorParts {
  const slash = selector.indexOf('/');
  const prefix = selector.slice(0, Math.max(slash, 0));
  const routeId = inventory.routes.has(prefix) ? prefix : undefined;
  const model = routeId === undefined ? selector : selector.slice(slash + 1);
  if (model.trim() === '') {
    throw new KheishError(
      'routes/model_not_supported',
      `The selector "${selector}" names no model.`,
    );
  }
  return { ...(routeId !== undefined && { routeId }), model };
}
