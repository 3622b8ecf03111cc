import {
  type ApprovalResolution,
  KheishError,
  type ResolveQuestionRequest,
  type RunState,
  type RunView,
} from '@kheish/core-model';
import type { BlobRow, IdempotencyRequest, Store, WorkingState } from '@kheish/state-store';
import { cancelQuestion, resolveQuestion } from '../decide/questions.ts';
import { type Resolution, resolveApprovals } from '../decide/resolve-approvals.ts';
import type { Rules } from '../decide/rules.ts';
import { runNotFound } from '../decide/stop-run.ts';
import type { ToolGate } from '../effects/tool-gate.ts';
import { runView } from '../view/run-view.ts';
import { type Answered, answerOnce } from './answer-once.ts';

/** The operator's side of runs that wait for a person. */
export class OperatorAnswers {
  readonly #store: Store;
  readonly #rules: Rules;
  readonly #gate: ToolGate;

  constructor(store: Store, rules: Rules, gate: ToolGate) {
    this.#store = store;
    this.#rules = rules;
    this.#gate = gate;
  }

  /** Allows or denies what a run asks for, on the word of `by`; all of it, or nothing. Throws `approvals/...`. */
  async resolveApprovals(
    runId: string,
    resolutions: readonly ApprovalResolution[],
    idempotency?: IdempotencyRequest,
    by?: string,
  ): Promise<Answered<RunView>> {
    const run = this.#known(runId);
    const ids = new Set(resolutions.map(({ request_id }) => request_id));
    if (ids.size < resolutions.length) {
      throw new KheishError('approvals/duplicate_resolution', 'A request is resolved twice.');
    }
    const blobs: BlobRow[] = [];
    const prepared: Resolution[] = [];
    for (const resolution of resolutions) {
      prepared.push({ ...(await this.#prepared(run, resolution, blobs)), resolved_by: by });
    }
    return this.#answer(run, 202, idempotency, blobs, (state) =>
      resolveApprovals(state, runId, prepared, this.#rules),
    );
  }

  /** Answers or declines the questions of a request. Throws `questions/...`. */
  async resolveQuestion(
    runId: string,
    resolution: ResolveQuestionRequest['resolution'],
    idempotency?: IdempotencyRequest,
    by?: string,
  ): Promise<Answered<RunView>> {
    return this.#answer(this.#known(runId), 202, idempotency, [], (state) =>
      resolveQuestion(state, runId, { ...resolution, resolved_by: by }, this.#rules),
    );
  }

  /** Withdraws a question; its run is cancelled. */
  async cancelQuestion(
    runId: string,
    requestId: string,
    justification: string | undefined,
    idempotency?: IdempotencyRequest,
  ): Promise<Answered<RunView>> {
    return this.#answer(this.#known(runId), 200, idempotency, [], (state) =>
      cancelQuestion(state, runId, requestId, justification, this.#rules),
    );
  }

  /** With other arguments than the model's it is another call: what it would act on is looked up. */
  async #prepared(
    run: RunState,
    { updated_input: input, ...resolution }: ApprovalResolution,
    blobs: BlobRow[],
  ): Promise<Resolution> {
    const request = run.approvals.find(({ id }) => id === resolution.request_id);
    if (input === undefined || request === undefined) return defined(resolution);
    if (request.kind !== 'tool') {
      throw new KheishError('approvals/invalid_updated_input', 'A budget takes no arguments.');
    }
    if (resolution.behavior === 'deny') {
      throw new KheishError(
        'approvals/invalid_updated_input',
        'Other arguments go with allow, not with deny.',
      );
    }
    const { tool_call_id, tool_name } = request;
    const call = { type: 'tool_call', tool_call_id, tool_name, input } as const;
    const prepared = await this.#gate.prepare(call, () => true);
    if (prepared.hopeless) {
      throw new KheishError(
        'approvals/invalid_updated_input',
        `${tool_name} does not take these arguments.`,
      );
    }
    const kept = await this.#store.blobs.prepare(run.session_id, JSON.stringify(input));
    blobs.push(...kept.blobs);
    return {
      ...defined(resolution),
      updated: { prepared: { ...prepared, call }, body: kept.body },
    };
  }

  #answer(
    run: RunState,
    status: number,
    idempotency: IdempotencyRequest | undefined,
    blobs: readonly BlobRow[],
    decide: (state: WorkingState) => RunState,
  ): Promise<Answered<RunView>> {
    const { session_id: session, run_id } = run;
    const command = {
      load: { session, run: run_id, admission: true },
      decide: (state: WorkingState) => runView(decide(state), state.session(session)),
      blobs,
    } as const;
    return answerOnce(this.#store, command, status, idempotency);
  }

  #known(runId: string): RunState {
    const run = this.#store.read.run(runId);
    if (run === undefined) throw runNotFound(runId);
    return run;
  }
}

function defined({
  request_id,
  behavior,
  justification,
  reason,
}: Omit<ApprovalResolution, 'updated_input'>): Resolution {
  return {
    request_id,
    behavior,
    ...(justification !== undefined && { justification }),
    ...(reason !== undefined && { reason }),
  };
}
