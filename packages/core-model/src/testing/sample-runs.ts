import type { DomainEvent } from '../journal/events.ts';
import { evolveRun } from '../run/evolve-run.ts';
import type { RunStatus } from '../run/run-status.ts';
import type { RunState } from '../run/run.ts';
import { endings, runEvents } from './sample-events.ts';

function after(run: RunState, ...events: readonly DomainEvent[]): RunState {
  return events.reduce((state, event) => evolveRun(state, event, 1), run);
}

/** A run that came to this status by its events. */
export function runIn(status: RunStatus): RunState {
  const queued = evolveRun(undefined, runEvents.accepted, 1);
  const running = after(queued, runEvents.started);
  switch (status) {
    case 'queued':
      return queued;
    case 'running':
      return running;
    case 'waiting_for_approval':
      return after(running, runEvents.approvalRequested, runEvents.suspended);
    case 'waiting_for_user_question':
      return after(running, runEvents.questionRequested, {
        ...runEvents.suspended,
        waiting_for: 'user_question',
      });
    case 'cancelled':
      return after(queued, endings.cancelled);
    default:
      return after(running, endings[status]);
  }
}
