import type { SeededChance } from '../../harness/seeded-chance.ts';
import type { RawRequest } from '../raw-http.ts';
import { oneOf } from './values.ts';

interface OpenRequest {
  readonly runId: string;
  readonly requestId: string;
}

const taskPaths: Readonly<Record<string, { readonly method: string; readonly path: string }>> = {
  getTask: { method: 'GET', path: '' },
  getTaskOutput: { method: 'GET', path: '/output' },
  stopTask: { method: 'POST', path: '/stop' },
};

type Asked = Partial<Record<string, unknown>>;

interface TaskPlace {
  readonly sessionId: string;
  readonly taskId: string;
}

const json = (headers: Readonly<Record<string, string>>) => ({
  'content-type': 'application/json',
  ...headers,
});

/** Keys have their length, and slots their names twice: nobody meets that by chance. */
function secretsBody(
  operationId: string,
  chance: SeededChance,
): Pick<RawRequest, 'path' | 'body'> | undefined {
  const word = () =>
    chance
      .between(0, 2 ** 32 - 1)
      .toString(16)
      .padStart(8, '0');
  const path = '/v1/runtime/secrets';
  if (operationId === 'rekeySecrets') {
    const new_master_key = [word(), word(), word(), word()].join('');
    return { path: `${path}/rekey`, body: JSON.stringify({ new_master_key }) };
  }
  if (operationId !== 'importSecrets') return undefined;
  const slot_id = `imported.${word()}`;
  const slot = {
    slot_id,
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value: word() + word() },
  };
  return { path: `${path}/import`, body: JSON.stringify({ slots: { [slot_id]: slot } }) };
}

/** What runs ask their operator, and tasks they made, as answers told of it: what belongs together stays so. */
export class OpenRequests {
  readonly #tasks: TaskPlace[] = [];
  readonly #approvals: OpenRequest[] = [];
  readonly #questions: OpenRequest[] = [];

  learn(text: string): void {
    if (!text.includes('"pending_') && !text.includes('"task_id"')) return;
    const answer = JSON.parse(text) as Asked & { items?: Asked[] };
    for (const { session_id, task_id } of answer.items ?? [answer]) {
      if (typeof session_id !== 'string' || typeof task_id !== 'string') continue;
      this.#tasks.push({ sessionId: session_id, taskId: task_id });
    }
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
    const ofSecrets = secretsBody(operationId, chance);
    if (ofSecrets !== undefined) return { method: 'POST', headers: json(headers), ...ofSecrets };
    const ofTask = taskPaths[operationId];
    if (ofTask !== undefined) {
      if (this.#tasks.length === 0) return undefined;
      const { sessionId, taskId } = oneOf(chance, this.#tasks.slice(-20));
      const path = `/v1/sessions/${encodeURIComponent(sessionId)}/tasks/${taskId}${ofTask.path}`;
      return { method: ofTask.method, path, headers };
    }
    const open = operationId === 'resolveApprovals' ? this.#approvals : this.#questions;
    if (open.length === 0) return undefined;
    const { runId, requestId: request_id } = oneOf(chance, open.slice(-20));
    const post = (path: string, body: object) => ({
      method: 'POST',
      path: `/v1/runs/${runId}/${path}`,
      headers: json(headers),
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
