import type { Message } from '../message/message.ts';
import type { RunState } from '../run/run.ts';
import type { DomainEvent } from './events.ts';

/** The message that an event adds to its session's transcript, if it adds one. */
export function messageOf(event: DomainEvent, run: RunState | undefined): Message | undefined {
  if (event.type === 'run_started' && run !== undefined) {
    return { role: 'user', content: run.request.content };
  }
  switch (event.type) {
    case 'action_settled':
    case 'tool_call_refused':
    case 'question_resolved':
      return event.message;
    default:
      return undefined;
  }
}
