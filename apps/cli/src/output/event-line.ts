import type { RecordedEvent, StreamEvent } from '@kheish/client-sdk';
import { approvalSubject } from '../asked/approval-text.ts';
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
    case 'action_started':
      return actionOf(event);
    case 'tool_call_refused': {
      const { tool_name, content } = event.message;
      return [tool_name, `by ${event.by}:`, typeof content === 'string' ? content : ''];
    }
    case 'approval_requested':
      return [event.request.id, approvalSubject(event.request), `(${event.request.reason})`];
    case 'approval_resolved':
      return [event.request_id, event.behavior, ...wordsOf(event)];
    case 'approval_voided':
    case 'question_voided':
      return [event.request_id, event.reason];
    case 'question_requested':
      return [event.request.id, ...event.request.questions.map(({ question }) => question)];
    case 'question_resolved':
      return [event.request_id, event.declined ? 'declined' : 'answered', ...wordsOf(event)];
    case 'run_suspended':
      return [`for ${event.waiting_for}`];
    case 'runtime_configured':
      return [`revision ${event.revision}:`, settingOf(event)];
    case 'action_settled':
      return [event.target, event.outcome, ...(event.error ? [event.error.detail] : [])];
    case 'run_accepted':
      return [`${event.route.route_id}/${event.route.model}`];
    case 'run_failed':
      return [`${event.error.domain}/${event.error.code}:`, event.error.detail];
    case 'run_fell_back':
      return [`to ${event.model}:`, event.error.detail];
    case 'context_compacted':
      return [
        `by ${event.method}:`,
        `${event.tokens_before} to about ${event.tokens_after} tokens`,
      ];
    case 'context_limited':
      return [event.target, `to ${event.max_tokens} tokens`];
    case 'run_stop_requested':
      return [`as ${event.as}`];
    case 'task_created':
      return [event.task_id, event.title];
    case 'task_settled':
      return [event.task_id, event.status];
    case 'task_updated':
    case 'task_started':
    case 'task_stop_requested':
    case 'task_deleted':
      return [event.task_id];
    case 'sessions_pruned':
      return [`${event.session_ids.length} sessions, ${event.event_count} events`];
    case 'secret_slot_set':
    case 'secret_slot_deleted':
    case 'auth_slot_revoked':
      return [event.slot_id];
    case 'token_created':
      return [event.token_id, event.name, event.role];
    case 'token_revoked':
      return [event.token_id];
    case 'audit_key_changed':
      return [event.continuity, `to ${event.new_key_id}`];
    case 'auth_subject_revoked':
    case 'auth_subject_restored':
      return [event.subject_id];
    case 'auth_lease_revoked':
      return [event.lease_id];
    case 'secrets_rekeyed':
      return [`${event.slots.length} slots`, `from ${event.old_key_id} to ${event.new_key_id}`];
    default:
      return [];
  }
}

type Event<T extends RecordedEvent['type']> = Extract<RecordedEvent, { type: T }>;

function actionOf(event: Event<'action_intended' | 'action_started'>): string[] {
  if (event.type === 'action_intended') return [event.target];
  const { process } = event;
  return [event.action_id, ...(process === undefined ? [] : [`process ${process.pid}`])];
}

function wordsOf(event: Event<'approval_resolved' | 'question_resolved'>): string[] {
  const reason = event.type === 'approval_resolved' ? event.reason : undefined;
  return [reason, event.justification].filter((words) => words !== undefined);
}

function settingOf(event: Event<'runtime_configured'>): string {
  const { setting, rollback_of_revision: rollback } = event;
  return rollback === undefined ? setting : `rollback to ${rollback}`;
}
