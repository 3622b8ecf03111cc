import type { SeededChance } from '../../harness/seeded-chance.ts';
import type { RawRequest } from '../raw-http.ts';
import { oneOf } from './values.ts';

interface OpenRequest {
  readonly runId: string;
  readonly requestId: string;
}

type Asked = Partial<Record<string, unknown>>;

/** What runs ask their operator, as answers told of it: a run and its request belong together. */
export class OpenRequests {
  readonly #approvals: OpenRequest[] = [];
  readonly #questions: OpenRequest[] = [];

  learn(text: string): void {
    if (!text.includes('"pending_')) return;
    const answer = JSON.parse(text) as Asked & { items?: Asked[] };
    for (const { run_id, pending_approval_ids, pending_question_ids } of answer.items ?? [answer]) {
      const runId = String(run_id);
      const all = (ids: unknown) =>
        ((ids ?? []) as string[]).map((requestId) => ({ runId, requestId }));
      this.#approvals.push(...all(pending_approval_ids));
      this.#questions.push(...all(pending_question_ids));
    }
  }

  /** A request of the operation that may well succeed; undefined where it answers nobody, or nobody asks. */
  requestFor(
    operationId: string,
    headers: Readonly<Record<string, string>>,
    chance: SeededChance,
  ): RawRequest | undefined {
    const open = operationId === 'resolveApprovals' ? this.#approvals : this.#questions;
    if (open.length === 0) return undefined;
    const { runId, requestId: request_id } = oneOf(chance, open.slice(-20));
    const post = (path: string, body: object) => ({
      method: 'POST',
      path: `/v1/runs/${runId}/${path}`,
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
    switch (operationId) {
      case 'resolveApprovals': {
        const behavior = oneOf(chance, ['allow', 'deny']);
        return post('approvals', { resolutions: [{ request_id, behavior }] });
      }
      case 'resolveQuestion': {
        const answers = [{ question_id: 'a', freeform_answer: 'so' }];
        return post('questions', { resolution: { request_id, answers } });
      }
      case 'cancelQuestion':
        return post(`questions/${request_id}/cancel`, {});
      default:
        return undefined;
    }
  }
}
