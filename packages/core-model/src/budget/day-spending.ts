import type { DomainEvent } from '../journal/events.ts';
import type { RunState } from '../run/run.ts';
import { type Spending, minus, nothing, reserved } from './budget.ts';

/** What an event changes in the spending of a UTC day; `run` is its run as it was before. */
export function daySpendingChange(
  event: DomainEvent,
  run: RunState | undefined,
): { readonly utcDay: string; readonly change: Spending } | undefined {
  if (event.type === 'action_intended') {
    const { reservation } = event;
    if (reservation === undefined) return undefined;
    return {
      utcDay: reservation.utc_day,
      change: { spent: nothing, reserved: reserved(reservation) },
    };
  }
  if (event.type !== 'action_settled') return undefined;
  const open = run?.open_actions.find(({ action_id }) => action_id === event.action_id);
  if (open?.reservation === undefined) return undefined;
  const { usage, cost_usd_micros: cost = 0 } = event;
  const tokens = (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0);
  return {
    utcDay: open.reservation.utc_day,
    change: {
      spent: { tokens, usd_micros: cost },
      reserved: minus(nothing, reserved(open.reservation)),
    },
  };
}
