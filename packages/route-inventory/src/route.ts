import { type CapabilityMatrix, KheishError, type Price, type RouteView } from '@kheish/core-model';
import { capabilityNames, driverTraits, type Capability, type RouteDriver } from './driver.ts';

/** A key that stands in the routes file, a flag or a variable. Nothing prints it by accident. */
export class InlineKey {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  reveal(): string {
    return this.#value;
  }
}

export type RouteCredential =
  | { readonly kind: 'slot'; readonly authRef: string }
  | { readonly kind: 'inline'; readonly key: InlineKey }
  | { readonly kind: 'none' };

/** A named way to a model: driver, model, credential and address. */
export interface Route {
  readonly id: string;
  readonly driver: RouteDriver;
  readonly defaultModel: string;
  /** `family`: only models of the driver's own family; `any`: every name. */
  readonly modelSupport: 'family' | 'any';
  readonly credential: RouteCredential;
  /** Absent: the driver's official API. Never ends with a slash. */
  readonly baseUrl?: string;
  readonly organization?: string;
  readonly project?: string;
  readonly anthropicVersion?: string;
  readonly anthropicBetaHeaders?: readonly string[];
  /** By the model's name. */
  readonly prices?: Readonly<Record<string, Price>>;
  /** Tokens that a prompt and its answer may have together. Absent: the usual ones of the driver's models. */
  readonly contextWindow?: number;
  /** Stands in for the daemon's default prompt. */
  readonly systemPrompt?: string;
  /** What the driver can do and this route shall not. */
  readonly withheld: readonly Capability[];
}

/** All routes in the order of their definition. `defaultRoute` names one of them, and is absent only when there is none. */
export interface RouteInventory {
  readonly routes: ReadonlyMap<string, Route>;
  readonly defaultRoute?: string;
}

export function emptyInventory(): RouteInventory {
  return { routes: new Map() };
}

/** The inventory with another default. Throws `routes/unknown_route` for an id that it does not have. */
export function withDefaultRoute(inventory: RouteInventory, id: string): RouteInventory {
  if (!inventory.routes.has(id)) {
    throw new KheishError('routes/unknown_route', `The default route "${id}" is not configured.`);
  }
  return { ...inventory, defaultRoute: id };
}

export function supportsModel(
  route: Pick<Route, 'driver' | 'modelSupport'>,
  model: string,
): boolean {
  const family = driverTraits[route.driver].family;
  if (model.trim() === '') return false;
  return route.modelSupport === 'any' || family === undefined || family(model);
}

/** Tokens that a prompt and its answer may have together on the route. */
export function contextWindowOf({ contextWindow, driver }: Route): number {
  return contextWindow ?? driverTraits[driver].contextWindow;
}

/** What a route offers: the driver's row of the matrix without what the route withholds. */
export function capabilityMatrix(route: Pick<Route, 'driver' | 'withheld'>): CapabilityMatrix {
  const offered = driverTraits[route.driver].capabilities;
  const flags = capabilityNames.map((name) => [
    name,
    offered.includes(name) && !route.withheld.includes(name),
  ]);
  return { matrix_version: 2, ...(Object.fromEntries(flags) as Record<Capability, boolean>) };
}

export function routeView(route: Route): RouteView {
  return {
    route_id: route.id,
    provider: route.driver,
    model: route.defaultModel,
    ...(route.credential.kind === 'slot' && { auth_ref: route.credential.authRef }),
    capabilities: capabilityMatrix(route),
  };
}
