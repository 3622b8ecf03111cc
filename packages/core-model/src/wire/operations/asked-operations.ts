import * as v from 'valibot';
import { PendingApprovalView, ResolveApprovalsRequest } from '../approval-view.ts';
import { pageOf, pageQuery } from '../page.ts';
import {
  CancelQuestionRequest,
  PendingQuestionView,
  ResolveQuestionRequest,
} from '../question-view.ts';
import { RunView } from '../run-view.ts';
import type { Operation } from './operation.ts';

/** What runs ask their operator. */
export const askedOperations = {
  listApprovals: {
    method: 'GET',
    path: '/v1/approvals',
    access: 'read',
    summary: "What waits for the operator's word, oldest run first.",
    query: { ...pageQuery, session_id: v.optional(v.string()) },
    status: 200,
    response: pageOf(PendingApprovalView),
  },
  resolveApprovals: {
    method: 'POST',
    path: '/v1/runs/{run_id}/approvals',
    access: 'operator',
    summary: 'Allow or deny what a run asks for; all of it, or nothing.',
    body: ResolveApprovalsRequest,
    status: 202,
    response: RunView,
    idempotent: true,
  },
  listQuestions: {
    method: 'GET',
    path: '/v1/questions',
    access: 'read',
    summary: 'Questions that wait for an answer, oldest run first.',
    query: { ...pageQuery, session_id: v.optional(v.string()) },
    status: 200,
    response: pageOf(PendingQuestionView),
  },
  resolveQuestion: {
    method: 'POST',
    path: '/v1/runs/{run_id}/questions',
    access: 'operator',
    summary: 'Answer or decline the questions of a request.',
    body: ResolveQuestionRequest,
    status: 202,
    response: RunView,
    idempotent: true,
  },
  cancelQuestion: {
    method: 'POST',
    path: '/v1/runs/{run_id}/questions/{request_id}/cancel',
    access: 'operator',
    summary: 'Withdraw a question; its run is cancelled.',
    body: CancelQuestionRequest,
    bodyOptional: true,
    status: 200,
    response: RunView,
    idempotent: true,
  },
} as const satisfies Record<string, Operation>;
