import type { StreamEvent } from '@kheish/client-sdk';
import { oneLine } from './plain-text.ts';

/** An event of a stream in one line for a person. */
export function describeEvent(event: StreamEvent): string {
  const words = [event.type, ...subjectOf(event), ...detailOf(event)];
  return words.map((word) => oneLine(word, 160)).join(' ');
}

function subjectOf(event: StreamEvent): string[] {
  if ('run_id' in event) return [event.run_id];
  if ('session_id' in event) return [event.session_id];
  return [];
}

function detailOf(event: StreamEvent): string[] {
  switch (event.type) {
    case 'model_delta':
      return [`#${event.step}.${event.attempt}`, JSON.stringify(event.text ?? event.reasoning)];
    case 'stream_gap':
      return [`events up to ${event.resume_after_id} are not kept any more`];
    case 'action_intended':
      return [event.target];
    case 'action_settled':
      return [event.target, event.outcome, ...(event.error ? [event.error.detail] : [])];
    case 'run_accepted':
      return [`${event.route.route_id}/${event.route.model}`];
    case 'run_failed':
      return [`${event.error.domain}/${event.error.code}:`, event.error.detail];
    case 'run_fell_back':
      return [`to ${event.model}:`, event.error.detail];
    case 'run_stop_requested':
      return [`as ${event.as}`];
    case 'secret_slot_set':
    case 'secret_slot_deleted':
      return [event.slot_id];
    default:
      return [];
  }
}
