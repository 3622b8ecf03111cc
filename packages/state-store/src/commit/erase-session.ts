import {
  type RecordedEvent,
  type RunState,
  type TaskState,
  eraseEvent,
  eraseRun,
  eraseTask,
} from '@kheish/core-model';
import { storedJson } from '../root/storage-error.ts';
import type { Statements } from './statements.ts';

/**
 * Takes what was said in a session out of the journal and the tables; digests stay. Replaying the erased
 * journal gives the erased tables, since erasing twice changes nothing.
 */
export function eraseSession(statements: Statements, sessionId: string): void {
  for (const { seq, body } of statements.eventsOfSession.all(sessionId)) {
    const erased = eraseEvent(storedJson(body) as RecordedEvent);
    statements.rewriteEvent.run(JSON.stringify(erased), seq);
  }
  for (const { state, firstSeq, seq } of statements.runsOfSession.all(sessionId)) {
    const run = eraseRun(storedJson(state) as RunState);
    statements.updateRun.run(seq, JSON.stringify(run), firstSeq);
  }
  for (const { state, firstSeq, seq } of statements.tasksOfSession.all(sessionId)) {
    const task = eraseTask(storedJson(state) as TaskState);
    statements.updateTask.run(seq, task.status, JSON.stringify(task), firstSeq);
  }
  statements.deleteMessages.run(sessionId);
  statements.deleteBlobs.run(sessionId);
  statements.deleteAnswers.run(sessionId);
}
