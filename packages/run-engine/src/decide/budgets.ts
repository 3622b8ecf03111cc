import {
  type BudgetApproval,
  type BudgetKey,
  type BudgetLimit,
  type Reservation,
  type RunError,
  type RunState,
  costOf,
  modelInUse,
  utcDayOf,
} from '@kheish/core-model';
import type { WorkingState } from '@kheish/state-store';
import { promptTokens } from './prompt-budget.ts';
import type { Rules } from './rules.ts';

/** What a call of a run's model may need: its prompt is estimated, its answer is held to what is put aside. */
export function reservationFor(
  state: WorkingState,
  run: RunState,
  output_tokens: number,
  rules: Rules,
): Reservation {
  const session = state.session(run.session_id);
  const input_tokens = session === undefined ? 0 : promptTokens(session, rules);
  const price = rules.priceOf(run.route.route_id, modelInUse(run));
  return {
    utc_day: utcDayOf(state.atMs),
    input_tokens,
    output_tokens,
    usd_micros: price === undefined ? 0 : costOf({ input_tokens, output_tokens }, price),
  };
}

export type Breach = Pick<BudgetApproval, 'budget' | 'unit' | 'limit' | 'used' | 'needed'>;

/**
 * The first budget that has no room for the call. Budgets are those in force now, not those that the run began with:
 * what is lowered protects at once, and what is raised lets go on.
 */
export function breachOf(
  state: WorkingState,
  run: RunState,
  reservation: Reservation,
): Breach | undefined {
  const { budgets } = state.runtime().config;
  for (const budget of ['run', 'session', 'day'] as const) {
    const limit = budgets[budget];
    if (limit === undefined) continue;
    const times = 1 + (run.extensions?.[budget] ?? 0);
    const breach = breachIn(limit, times, usedOf(state, run, budget), reservation);
    if (breach !== undefined) return { budget, ...breach };
  }
  return undefined;
}

interface Used {
  readonly tokens: number;
  readonly usd_micros: number;
}

function breachIn(
  { max_tokens: maxTokens, max_cost_usd: maxCost }: BudgetLimit,
  times: number,
  used: Used,
  reservation: Reservation,
): Omit<Breach, 'budget'> | undefined {
  const tokens = reservation.input_tokens + reservation.output_tokens;
  if (maxTokens !== undefined && used.tokens + tokens > maxTokens * times) {
    return { unit: 'tokens', limit: maxTokens * times, used: used.tokens, needed: tokens };
  }
  const limit = Math.round((maxCost ?? 0) * 1_000_000) * times;
  const needed = reservation.usd_micros;
  if (maxCost !== undefined && used.usd_micros + needed > limit) {
    return { unit: 'usd_micros', limit, used: used.usd_micros, needed };
  }
  return undefined;
}

/** A run and a session make one call at a time; of a day many may be under way. */
function usedOf(state: WorkingState, run: RunState, budget: BudgetKey): Used {
  if (budget === 'day') {
    const { spent, reserved } = state.daySpending(utcDayOf(state.atMs));
    return {
      tokens: spent.tokens + reserved.tokens,
      usd_micros: spent.usd_micros + reserved.usd_micros,
    };
  }
  const { usage, cost } = (budget === 'run' ? run : state.session(run.session_id)) ?? {};
  return {
    tokens: (usage?.input_tokens ?? 0) + (usage?.output_tokens ?? 0),
    usd_micros: cost?.usd_micros ?? 0,
  };
}

/** Puts the decision to the operator, and lets the run wait for it. */
export function requestBudget(
  state: WorkingState,
  run: RunState,
  breach: Breach,
  rules: Rules,
): void {
  const ids = { session_id: run.session_id, run_id: run.run_id };
  const expiresAfterMs = rules.approvalExpiresAfterMs(state, run);
  state.record(
    {
      type: 'approval_requested',
      ...ids,
      request: {
        kind: 'budget',
        id: rules.newId('approval'),
        ...breach,
        reason: reasonOf(breach),
        requested_at_ms: state.atMs,
        ...(expiresAfterMs !== undefined && { expires_at_ms: state.atMs + expiresAfterMs }),
      },
    },
    { type: 'run_suspended', ...ids, waiting_for: 'approval' },
  );
}

const owners = { run: 'of this run', session: 'of this session', day: 'of this UTC day' };

function reasonOf({ budget, unit, limit, used, needed }: Breach): string {
  const amount = (value: number) =>
    unit === 'tokens' ? `${value} tokens` : `$${(value / 1_000_000).toFixed(6)}`;
  return `The budget ${owners[budget]} is ${amount(limit)}; ${amount(used)} are used, and the next call may need ${amount(needed)}.`;
}

/** The operator did not make room. */
export function budgetExceeded({ reason }: BudgetApproval): RunError {
  return { domain: 'budgets', code: 'budget_exceeded', detail: reason };
}
