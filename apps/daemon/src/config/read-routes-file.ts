import type { RouteView } from '@kheish/core-model';
import { routeView } from '@kheish/route-inventory';
import type { ServeOptions } from '../serve-options.ts';
import { inventoryOf } from './model-routes.ts';

/** The routes of a file as a daemon would read it. Throws `routes/invalid_routes_file` with file, line and column. */
export function readRoutesFile(
  options: Pick<ServeOptions, 'defaultRoute' | 'environment'> & { readonly routesFile: string },
): { readonly routes: readonly RouteView[]; readonly defaultRoute: string | undefined } {
  const { routes, defaultRoute } = inventoryOf({ ...options, singleRoute: {} });
  return { routes: [...routes.values()].map(routeView), defaultRoute };
}
