import type { DomainEvent, EventOf } from '../journal/events.ts';
import type { OpenAction, RunState } from '../run/run.ts';
import { keyChangeAction } from './audit-key-changed.ts';
import type { ExternalAction } from './external-action.ts';

/** What an event puts on the record of external actions; `run` as it was before the event. */
export function externalActionsOf(
  event: DomainEvent,
  run: RunState | undefined,
  atMs: number,
): readonly ExternalAction[] {
  switch (event.type) {
    case 'action_intended':
      return run === undefined ? [] : requested(run, event, event.request_digest, atMs);
    case 'run_recovered':
      return (run?.open_actions ?? []).flatMap((action) => repeated(run, action, atMs));
    case 'action_settled':
      return settled(run, event, atMs);
    case 'audit_key_changed':
      return [keyChangeAction(event, atMs)];
    default:
      return [];
  }
}

type Named = Pick<OpenAction, 'action_id' | 'kind' | 'audit_target' | 'tool_call_id' | 'grant_id'>;

function named(run: RunState, action: Named, target: string, atMs: number) {
  return {
    action_id: action.action_id,
    timestamp_ms: atMs,
    session_id: run.session_id,
    agent_id: run.agent_id,
    run_id: run.run_id,
    principal_id: `session:${run.session_id}`,
    kind: action.kind === 'tool_call' ? 'tool' : 'model_call',
    target,
    ...(action.tool_call_id !== undefined && { tool_call_id: action.tool_call_id }),
    ...(action.grant_id !== undefined && { grant_id: action.grant_id }),
  } as const;
}

function requested(
  run: RunState,
  action: Named,
  digest: ExternalAction['request_digest'],
  atMs: number,
): ExternalAction[] {
  const { audit_target: target } = action;
  if (target === undefined) return [];
  return [
    {
      ...named(run, action, target, atMs),
      phase: 'request',
      ...(digest !== undefined && { request_digest: digest }),
    },
  ];
}

/** What is done again after a kill is asked for again. */
function repeated(run: RunState | undefined, action: OpenAction, atMs: number): ExternalAction[] {
  if (run === undefined || run.stop !== undefined) return [];
  if (action.started_at_ms !== undefined) return [];
  return requested(run, action, undefined, atMs);
}

function settled(
  run: RunState | undefined,
  event: EventOf<'action_settled'>,
  atMs: number,
): ExternalAction[] {
  const action = run?.open_actions.find(({ action_id: id }) => id === event.action_id);
  const target = action?.audit_target;
  if (run === undefined || action === undefined || target === undefined) return [];
  return [
    {
      ...named(run, action, target, atMs),
      phase: 'response',
      ...(event.response_digest !== undefined && { response_digest: event.response_digest }),
      outcome: outcomeOf(event),
    },
  ];
}

function outcomeOf({ outcome, error }: EventOf<'action_settled'>): string {
  if (outcome === 'succeeded') return 'ok';
  return outcome === 'failed' ? `failed:${error?.code ?? 'unknown'}` : outcome;
}
