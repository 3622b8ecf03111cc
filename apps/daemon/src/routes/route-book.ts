import {
  type CredentialBroker,
  type LentCredentials,
  type SecretStore,
  credentialsOf,
  expiryWarning,
  inlineSlotOf,
} from '@kheish/auth-store';
import {
  type Clock,
  KheishError,
  type ModelDriver,
  type Price,
  type RoutePin,
  type RouteReadiness,
} from '@kheish/core-model';
import type { Egress } from '@kheish/egress';
import { createModelDriver } from '@kheish/model-drivers';
import {
  type Route,
  type RouteInventory,
  contextWindowOf,
  resolveSelector,
  routeOfPin,
  routeReadiness,
} from '@kheish/route-inventory';
import type { ModelRoutes } from '@kheish/run-engine';
import type { Store } from '@kheish/state-store';

export interface RouteBookOptions {
  readonly inventory: RouteInventory;
  readonly store: Store;
  readonly secrets: SecretStore;
  readonly broker: CredentialBroker;
  readonly egress: Egress;
  readonly clock: Clock;
  /** Told each key that a driver gets, so that no log line shows it. */
  readonly onCredential: (secret: string) => void;
}

/** The routes of the inventory with their secrets: what runs are pinned to, and how they reach a model. */
export class RouteBook implements ModelRoutes {
  readonly inventory: RouteInventory;
  readonly #options: RouteBookOptions;

  constructor(options: RouteBookOptions) {
    this.inventory = options.inventory;
    this.#options = options;
  }

  /** With a state root, commands that mend a route are for a daemon that does not run. */
  readiness(stateRoot?: string): RouteReadiness[] {
    const { store, clock } = this.#options;
    const slots = (slotId: string) => {
      const slot = store.read.slot(slotId);
      const warning = slot?.details && expiryWarning(slot.details, clock.now());
      return slot && { provider: slot.provider, ...(warning !== undefined && { warning }) };
    };
    return routeReadiness(this.inventory, slots, {
      program: './bin/kheish-daemon',
      ...(stateRoot !== undefined && { stateRoot }),
    });
  }

  /** Ids of the routes that have their key from this slot. */
  routesOfSlot(slotId: string): string[] {
    const routes = [...this.inventory.routes.values()];
    return routes
      .filter(({ credential }) => credential.kind === 'slot' && credential.authRef === slotId)
      .map(({ id }) => id);
  }

  pin(request: Parameters<ModelRoutes['pin']>[0]): RoutePin {
    const { model: selector, ...rest } = request;
    const pin = resolveSelector(this.inventory, {
      ...rest,
      ...(selector !== undefined && { selector }),
    });
    const verdict = this.readiness().find((route) => route.route_id === pin.route_id);
    if (verdict?.state === 'error') {
      const mend = verdict.action === undefined ? '' : ` Mend it with: ${verdict.action}`;
      throw new KheishError('routes/route_not_ready', `${verdict.message}${mend}`);
    }
    return pin;
  }

  price(routeId: string, model: string): Price | undefined {
    const prices = this.inventory.routes.get(routeId)?.prices ?? {};
    return Object.hasOwn(prices, model) ? prices[model] : undefined;
  }

  contextWindow(routeId: string): number {
    const route = this.inventory.routes.get(routeId);
    return route === undefined ? Infinity : contextWindowOf(route);
  }

  systemPrompt(routeId: string): string | undefined {
    return this.inventory.routes.get(routeId)?.systemPrompt;
  }

  slotId(routeId: string): string | undefined {
    const credential = this.inventory.routes.get(routeId)?.credential;
    if (credential === undefined || credential.kind === 'none') return undefined;
    return credential.kind === 'slot' ? credential.authRef : inlineSlotOf(routeId);
  }

  async driver(pin: RoutePin, intent: Parameters<ModelRoutes['driver']>[1]): Promise<ModelDriver> {
    const route = routeOfPin(this.inventory, pin);
    const { egress, clock } = this.#options;
    const credentials = this.#lent(route, intent);
    await credentials.ready();
    return createModelDriver({
      driver: route.driver,
      egress,
      clock,
      credentials,
      ...(route.baseUrl !== undefined && { baseUrl: route.baseUrl }),
      ...(route.anthropicVersion !== undefined && { anthropicVersion: route.anthropicVersion }),
      ...(route.anthropicBetaHeaders !== undefined && {
        anthropicBetaHeaders: route.anthropicBetaHeaders,
      }),
    });
  }

  #lent(
    route: Route,
    { session_id: sessionId, grant_id: grantId }: Parameters<ModelRoutes['driver']>[1],
  ): LentCredentials {
    return this.#options.broker.lend({
      use: { sessionId, routeId: route.id, slotId: this.slotId(route.id) },
      grantId,
      reveal: () => this.#reveal(route),
    });
  }

  async #reveal(route: Route) {
    const { organization, project, credential } = route;
    const own = {
      ...(organization !== undefined && { organization }),
      ...(project !== undefined && { project }),
    };
    if (credential.kind === 'none') return own;
    const found =
      credential.kind === 'inline'
        ? { apiKey: credential.key.reveal() }
        : credentialsOf(await this.#options.secrets.reveal(credential.authRef));
    this.#options.onCredential(found.apiKey);
    return { ...found, ...own };
  }
}
