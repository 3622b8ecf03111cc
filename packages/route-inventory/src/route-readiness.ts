import type { AuthProvider, RouteReadiness } from '@kheish/core-model';
import { driverTraits, type RouteDriver } from './driver.ts';
import type { Route, RouteInventory } from './route.ts';

/** Sees whether a slot exists, of which provider, and what there is to say of its end; never what is in it. */
export type SlotLookup = (
  slotId: string,
) => { readonly provider: AuthProvider; readonly warning?: string } | undefined;

/** What `secrets set` calls the provider, and where its value usually comes from. */
const setFlags: Readonly<Record<Exclude<RouteDriver, 'scripted'>, string>> = {
  anthropic: '--provider anthropic --from-env ANTHROPIC_API_KEY',
  google: '--provider google --from-env GOOGLE_API_KEY',
  openai: '--provider openai --from-env OPENAI_API_KEY',
  openrouter: '--provider openrouter --from-env OPENROUTER_API_KEY',
  xai: '--provider xai --from-env XAI_API_KEY',
  openai_compatible: '--provider generic --stdin',
};

function quoted(argument: string): string {
  return /^[\w./:@%+=-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", `'\\''`)}'`;
}

function setCommand(driver: RouteDriver, authRef: string, command: SetCommand): string {
  const flags = driver === 'scripted' ? '' : setFlags[driver];
  const offline =
    command.stateRoot === undefined ? '' : ` --offline --state-root ${quoted(command.stateRoot)}`;
  return `${command.program ?? 'kheish'} secrets set ${authRef}${offline} ${flags}`;
}

function readinessOf(route: Route, slots: SlotLookup, command: SetCommand): RouteReadiness {
  const { id: route_id, credential, driver } = route;
  const traits = driverTraits[driver];
  if (credential.kind === 'none' && traits.credential === 'required') {
    return {
      route_id,
      state: 'error',
      code: 'missing_credential',
      message: `Route "${route_id}" has no credential: a ${driver} route needs auth_ref, api_key or api_key_env.`,
    };
  }
  if (credential.kind !== 'slot') {
    return { route_id, state: 'ok', code: 'ready', message: `Route "${route_id}" is ready.` };
  }
  const { authRef } = credential;
  const slot = slots(authRef);
  const action = setCommand(driver, authRef, command);
  if (slot === undefined) {
    return {
      route_id,
      state: 'error',
      code: 'missing_secret',
      message: `Route "${route_id}" needs the secret "${authRef}", which is not set.`,
      action,
    };
  }
  if (!traits.slotProviders.includes(slot.provider)) {
    return {
      route_id,
      state: 'error',
      code: 'secret_provider_mismatch',
      message: `Route "${route_id}" has driver ${driver}, but its secret "${authRef}" is of provider ${slot.provider}.`,
      action,
    };
  }
  if (slot.warning !== undefined) {
    return {
      route_id,
      state: 'warning',
      code: 'secret_expiry',
      message: `Route "${route_id}" has the secret "${authRef}". ${slot.warning}`,
      action,
    };
  }
  return { route_id, state: 'ok', code: 'ready', message: `Route "${route_id}" is ready.` };
}

/** How the operator calls the program; with a state root the command works while no daemon runs. */
export interface SetCommand {
  readonly program?: string;
  readonly stateRoot?: string;
}

/** One verdict for each route, in the order of the inventory. */
export function routeReadiness(
  inventory: RouteInventory,
  slots: SlotLookup,
  command: SetCommand = {},
): RouteReadiness[] {
  return [...inventory.routes.values()].map((route) => readinessOf(route, slots, command));
}
