import { eraseApproval } from '../approval/approval.ts';
import { eraseBody } from '../message/body.ts';
import { ERASED_TOOL, eraseMessage } from '../message/message.ts';
import { eraseQuestion } from '../question/question.ts';
import { eraseRequest } from '../run/evolve-run.ts';
import { eraseGivenApproval, eraseRunError } from '../run/run.ts';
import { isTaskEvent } from '../task/evolve-task.ts';
import { eraseTaskEvent } from '../task/task-events.ts';
import type { DomainEvent, EventOf } from './events.ts';

/** The event without what was said in it: texts become their digests. Erasing twice changes nothing. */
export function eraseEvent<E extends DomainEvent>(event: E): E;
export function eraseEvent(event: DomainEvent): DomainEvent {
  if (isTaskEvent(event)) return eraseTaskEvent(event);
  switch (event.type) {
    case 'session_created': {
      const { system_prompt: _prompt, ...rest } = event;
      return rest;
    }
    case 'session_ended': {
      const { reason: _reason, ...rest } = event;
      return rest;
    }
    case 'run_accepted':
      return { ...event, request: eraseRequest(event.request) };
    case 'action_intended':
      return {
        ...event,
        target: eraseTarget(event),
        ...(event.approval !== undefined && { approval: eraseGivenApproval(event.approval) }),
      };
    case 'output_emitted':
      return { ...event, content: eraseBody(event.content) };
    case 'tool_call_refused':
      return { ...event, message: eraseMessage(event.message) };
    case 'approval_requested':
      return { ...event, request: eraseApproval(event.request) };
    case 'approval_resolved': {
      const { justification: _why, reason: _reason, updated_input: input, ...rest } = event;
      return { ...rest, ...(input !== undefined && { updated_input: eraseBody(input) }) };
    }
    case 'question_requested':
      return { ...event, request: eraseQuestion(event.request) };
    case 'question_voided': {
      const { justification: _why, ...rest } = event;
      return rest;
    }
    case 'question_resolved': {
      const { justification: _why, ...rest } = event;
      return { ...rest, message: eraseMessage(event.message) };
    }
    case 'action_settled':
      return {
        ...event,
        target: eraseTarget(event),
        ...(event.message !== undefined && { message: eraseMessage(event.message) }),
        ...(event.error !== undefined && { error: eraseRunError(event.error) }),
      };
    case 'context_compacted':
      return event.summary === undefined ? event : { ...event, summary: eraseBody(event.summary) };
    case 'run_fell_back':
    case 'run_failed':
      return { ...event, error: eraseRunError(event.error) };
    case 'run_completed':
      return {
        ...event,
        outputs: event.outputs.map((output) => ({ ...output, content: eraseBody(output.content) })),
      };
    default:
      return event;
  }
}

function eraseTarget({ kind, target }: EventOf<'action_intended' | 'action_settled'>): string {
  return kind === 'tool_call' ? `tool:${ERASED_TOOL}` : target;
}
