import type {
  AuthSlotStatus,
  MessageView,
  RecordedEvent,
  RunView,
  SessionView,
} from '@kheish/client-sdk';
import { describeEvent } from './event-line.ts';
import { oneLine } from './plain-text.ts';

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
  heads: ['secret', 'provider', 'mode', 'version', 'updated', 'summary'],
  row: (slot) => [
    slot.slot_id,
    slot.provider,
    slot.mode,
    slot.version,
    time(slot.updated_at_ms),
    slot.summary,
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
