import type { DaemonStatusView } from '@kheish/client-sdk';
import { type DoctorCheck, failing, well } from './check.ts';

type Warning = DaemonStatusView['health']['warnings'][number];

/** The rooms of the status, which of its warnings are theirs, and what is said where there are none. */
const rooms: readonly {
  readonly name: string;
  readonly codes: RegExp;
  readonly well: (status: DaemonStatusView) => string;
}[] = [
  {
    name: 'auth',
    codes: /^(auth|token)_/,
    well: ({ control_plane: door }) =>
      `A token is needed; ${door.bind_addr}, mode ${door.auth_mode}, ${door.named_token_count} named tokens.`,
  },
  {
    name: 'storage',
    codes: /^(storage_|corrupt$)/,
    well: (status) =>
      `Pid ${status.process_id} holds ${status.state_root}; its writes are on the disk when it answers.`,
  },
  {
    name: 'sandbox',
    codes: /^sandbox_/,
    well: ({ sandbox }) => (sandbox.kind === 'none' ? '' : `Commands run in ${sandbox.kind}.`),
  },
  {
    name: 'secrets',
    codes: /^(secrets?|master_key)_/,
    // Only admins are told of slots.
    well: ({ storage }) =>
      storage.master_key_loaded
        ? 'The master key is there, and as far as this token may see no secret ends soon.'
        : 'There is no master key, and as far as this token may see no secret that needs one.',
  },
];

/** What the status of a daemon says about its health. */
export function statusChecks(status: DaemonStatusView): DoctorCheck[] {
  const { warnings } = status.health;
  const routeIds = new Set(status.provider_readiness.routes.map(({ route_id: id }) => id));
  const isOfRoute = ({ code, related_id: id }: Warning) =>
    code === 'no_routes' || (id !== undefined && routeIds.has(id));
  const ofRoutes = warnings.filter(isOfRoute);
  const rest = warnings.filter((warning) => !isOfRoute(warning));
  const { ready_route_count: ready } = status.provider_readiness;
  return [
    ...orWell('routes', ofRoutes, `${ready} routes are ready.`),
    ...rooms.flatMap(({ name, codes, well: words }) =>
      orWell(
        name,
        rest.filter(({ code }) => codes.test(code)),
        words(status),
      ),
    ),
    ...rest
      .filter(({ code }) => !rooms.some(({ codes }) => codes.test(code)))
      .map((warning) => checkOf('health', warning)),
    eventCounters(status),
  ];
}

function orWell(name: string, warnings: readonly Warning[], message: string): DoctorCheck[] {
  if (warnings.length === 0) return [well(name, message)];
  return warnings.map((warning) => checkOf(name, warning));
}

function checkOf(name: string, warning: Warning): DoctorCheck {
  return { name, ok: warning.severity !== 'error', ...warning };
}

/** The journal's floor, its newest event and the cursor from which one would follow stand in their order. */
function eventCounters({ events }: DaemonStatusView): DoctorCheck {
  const { floor_event_id: floor, newest_event_id: newest, tail_event_id_cursor: tail } = events;
  const name = 'event_counters';
  const inOrder =
    [floor, newest, tail].every((id) => /^\d+$/.test(id)) &&
    BigInt(floor) <= BigInt(newest) &&
    BigInt(tail) === BigInt(newest);
  if (inOrder) return well(name, `Events ${floor} to ${newest} are kept.`);
  return failing(name, 'event_counters_wrong', `floor ${floor}, newest ${newest}, tail ${tail}`, {
    action: 'kheish store verify',
  });
}
