import * as v from 'valibot';
import { ExternalActionRecord } from '../../audit/external-action.ts';
import { RecordedEvent } from '../../journal/events.ts';
import { pageOf, pageQuery } from '../page.ts';
import { RunView } from '../run-view.ts';
import { type Operation, cursorQuery } from './operation.ts';

/** Runs and the streams of what happens. */
export const runOperations = {
  listRuns: {
    method: 'GET',
    path: '/v1/runs',
    access: 'read',
    summary: 'Runs in order of submission.',
    query: {
      ...pageQuery,
      session_id: v.optional(v.string()),
      order: v.optional(v.picklist(['asc', 'desc'])),
    },
    status: 200,
    response: pageOf(RunView),
  },
  getRun: {
    method: 'GET',
    path: '/v1/runs/{run_id}',
    access: 'read',
    summary: 'One run.',
    status: 200,
    response: RunView,
  },
  cancelRun: {
    method: 'POST',
    path: '/v1/runs/{run_id}/cancel',
    access: 'operator',
    summary: 'Cancel a run; 202 while what it started is being ended.',
    status: 202,
    response: RunView,
    idempotent: true,
  },
  listRunEvents: {
    method: 'GET',
    path: '/v1/runs/{run_id}/events',
    access: 'read',
    summary: 'The journaled events of a run.',
    query: pageQuery,
    status: 200,
    response: pageOf(RecordedEvent),
  },
  listExternalActions: {
    method: 'GET',
    path: '/v1/runs/{run_id}/external-actions',
    access: 'read',
    summary: 'The signed record of what a run did beyond the daemon.',
    query: pageQuery,
    status: 200,
    response: pageOf(ExternalActionRecord),
  },
  streamRun: {
    method: 'GET',
    path: '/v1/runs/{run_id}/stream',
    access: 'read',
    summary: 'Follow a run to its end.',
    query: cursorQuery,
    status: 200,
    response: 'event-stream',
  },
  streamEvents: {
    method: 'GET',
    path: '/v1/events/stream',
    access: 'read',
    summary: 'Follow everything, or one session or run.',
    query: { ...cursorQuery, session_id: v.optional(v.string()), run_id: v.optional(v.string()) },
    status: 200,
    response: 'event-stream',
  },
} as const satisfies Record<string, Operation>;
