import type {
  ApiTokenView,
  AuthFailure,
  ExternalActionRecord,
  AuthSlotStatus,
  BackupView,
  MessageView,
  PendingApprovalView,
  PendingQuestionView,
  PermissionRule,
  RecordedEvent,
  RunView,
  RuntimeRevisionView,
  SessionView,
  TaskRecord,
} from '@kheish/client-sdk';
import { approvalSubject } from '../asked/approval-text.ts';
import { describeEvent } from './event-line.ts';
import { oneLine, visibleText } from './plain-text.ts';

/** How a list stands in a table. */
export interface Columns<T> {
  readonly heads: readonly string[];
  row(item: T): readonly (string | number | undefined)[];
}

const time = (ms: number) => new Date(ms).toISOString();

export const sessionColumns: Columns<SessionView> = {
  heads: ['session', 'status', 'active run', 'queued', 'messages', 'updated'],
  row: (session) => [
    session.session_id,
    session.status,
    session.active_run_id,
    session.queued_run_count,
    session.message_count,
    time(session.updated_at_ms),
  ],
};

export const runColumns: Columns<RunView> = {
  heads: ['run', 'session', 'status', 'route', 'model', 'submitted', 'input'],
  row: (run) => [
    run.run_id,
    run.session_id,
    run.status,
    run.request.provider,
    run.request.model,
    time(run.submitted_at_ms),
    oneLine(run.request.text_preview, 40),
  ],
};

export const secretColumns: Columns<AuthSlotStatus> = {
  heads: ['secret', 'provider', 'mode', 'version', 'updated', 'summary', 'warnings'],
  row: (slot) => [
    slot.slot_id,
    slot.provider,
    slot.mode,
    slot.version,
    time(slot.updated_at_ms),
    slot.summary,
    (slot.warnings ?? []).join(' '),
  ],
};

export const tokenColumns: Columns<ApiTokenView> = {
  heads: ['token', 'name', 'role', 'status', 'created', 'by', 'expires'],
  row: (token) => [
    token.token_id,
    token.name,
    token.role,
    token.status,
    time(token.created_at_ms),
    token.created_by,
    token.expires_at_ms === undefined ? undefined : time(token.expires_at_ms),
  ],
};

export const failureColumns: Columns<AuthFailure> = {
  heads: ['time', 'event', 'reason', 'from', 'request', 'needs', 'origin', 'token'],
  row: (failure) => [
    time(failure.timestamp_ms),
    failure.event,
    failure.reason,
    failure.remote_addr,
    oneLine(visibleText(`${failure.method} ${failure.path}`), 80),
    failure.required_access,
    failure.origin === undefined ? undefined : oneLine(visibleText(failure.origin), 60),
    failure.token_id,
  ],
};

export const backupColumns: Columns<BackupView> = {
  heads: ['backup', 'state', 'made', 'events', 'files', 'bytes', 'path'],
  row: (backup) => [
    backup.backup_id,
    backup.state,
    backup.created_at_ms === undefined ? undefined : time(backup.created_at_ms),
    backup.head_seq,
    backup.file_count,
    backup.bytes,
    backup.path,
  ],
};

export const messageColumns: Columns<MessageView> = {
  heads: ['', 'role', 'text'],
  row: (message) => [message.index, message.role, oneLine(textOf(message), 200)],
};

export const eventColumns: Columns<RecordedEvent> = {
  heads: ['id', 'time', 'event'],
  row: (event) => [event.seq, time(event.at_ms), describeEvent(event)],
};

export const externalActionColumns: Columns<ExternalActionRecord> = {
  heads: ['#', 'time', 'action', 'phase', 'target', 'outcome'],
  row: ({ log_index, timestamp_ms, action_id, phase, target, outcome = '' }) => [
    log_index,
    time(timestamp_ms),
    action_id,
    phase,
    oneLine(target, 80),
    outcome,
  ],
};

export const approvalColumns: Columns<PendingApprovalView> = {
  heads: ['request', 'session', 'run', 'for', 'what', 'asked', 'expires'],
  row: ({ session_id, run_id, request }) => [
    request.id,
    session_id,
    run_id,
    approvalSubject(request),
    oneLine(
      request.kind === 'tool'
        ? visibleText(JSON.stringify(request.input ?? {}))
        : visibleText(request.reason),
      80,
    ),
    time(request.requested_at_ms),
    request.expires_at_ms === undefined ? undefined : time(request.expires_at_ms),
  ],
};

export const questionColumns: Columns<PendingQuestionView> = {
  heads: ['request', 'session', 'run', 'question', 'asked', 'expires'],
  row: ({ session_id, run_id, request }) => [
    request.id,
    session_id,
    run_id,
    oneLine(request.questions.map(({ question }) => question).join(' / '), 80),
    time(request.created_at_ms),
    request.expires_at_ms === undefined ? undefined : time(request.expires_at_ms),
  ],
};

export const taskColumns: Columns<TaskRecord> = {
  heads: ['task', 'kind', 'status', 'title', 'waits for', 'end', 'updated'],
  row: (task) => [
    task.id,
    task.kind,
    task.status,
    oneLine(task.title, 60),
    task.blocked_by.length === 0 ? undefined : task.blocked_by.join(' '),
    endOf(task),
    time(task.updated_at_ms),
  ],
};

function endOf({ metadata: { terminal_reason: reason, exit_code: code } }: TaskRecord) {
  return code === undefined ? reason : `exit code ${code}`;
}

export const revisionColumns: Columns<RuntimeRevisionView> = {
  heads: ['revision', 'changed', 'time', 'mode', 'rules', 'model'],
  row: (item) => [
    item.revision,
    item.rollback_of_revision === undefined
      ? item.setting
      : `rollback to ${item.rollback_of_revision}`,
    item.updated_at_ms === undefined ? undefined : time(item.updated_at_ms),
    item.config.permission_mode,
    item.config.permission_rules.length,
    item.config.model?.model,
  ],
};

export const ruleColumns: Columns<PermissionRule> = {
  heads: ['scope', 'tool', 'behavior', 'command', 'reason'],
  row: (rule) => [
    rule.scope,
    rule.tool_name_pattern,
    rule.behavior,
    rule.argv_prefix === undefined ? undefined : JSON.stringify(rule.argv_prefix),
    rule.reason,
  ],
};

function textOf(message: MessageView): string {
  if (message.role !== 'assistant') return message.content;
  const parts = message.parts.map((part) => {
    if (part.type === 'tool_call') {
      return `${part.tool_name} ${JSON.stringify(part.input ?? part.raw_input)}`;
    }
    return part.type === 'text' && typeof part.text === 'string' ? part.text : '';
  });
  return parts.join(' ');
}
