import {
  type CheckPermissionRequest,
  KheishError,
  type PermissionExplanation,
  type PermissionMatrix,
  type RuntimeConfig,
  type RuntimeRevision,
  type RuntimeSetting,
} from '@kheish/core-model';
import type { IdempotencyRequest, Store, WorkingState } from '@kheish/state-store';
import type { ToolGate } from '../effects/tool-gate.ts';
import { decidePermission } from '../permissions/decide-permission.ts';
import { permissionMatrix } from '../permissions/permission-matrix.ts';
import { type Answered, answerOnce } from './answer-once.ts';

/** What an operator may change while the daemon runs: every change is a revision, and any of them may come back. */
export class Configuration {
  readonly #store: Store;
  readonly #gate: ToolGate;

  constructor(store: Store, gate: ToolGate) {
    this.#store = store;
    this.#gate = gate;
  }

  current(): RuntimeRevision {
    return this.#store.read.runtime();
  }

  /** Makes the next revision. Throws `runtime/runtime_revision_conflict` where another than the expected is in force. */
  change<T>(
    setting: Exclude<RuntimeSetting, 'rollback'>,
    change: (config: RuntimeConfig) => RuntimeConfig,
    answer: (revision: RuntimeRevision) => T,
    options: {
      expectedRevision?: number | undefined;
      idempotency?: IdempotencyRequest | undefined;
    },
  ): Promise<Answered<T>> {
    const decide = (state: WorkingState) => {
      const { revision, config } = expected(state, options.expectedRevision);
      state.record({
        type: 'runtime_configured',
        revision: revision + 1,
        setting,
        config: change(config),
      });
      return answer(state.runtime());
    };
    return answerOnce(this.#store, { load: {}, decide }, 200, options.idempotency);
  }

  /** Makes the configuration of an earlier revision the newest; without a target that of the one before. */
  rollback<T>(
    target: number | undefined,
    answer: (revision: RuntimeRevision) => T,
    options: {
      expectedRevision?: number | undefined;
      idempotency?: IdempotencyRequest | undefined;
    },
  ): Promise<Answered<T>> {
    const decide = (state: WorkingState) => {
      const { revision } = expected(state, options.expectedRevision);
      const to = target ?? revision - 1;
      if (to < 0) {
        throw new KheishError(
          'runtime/runtime_rollback_unavailable',
          'Nothing was changed yet, so there is nothing to go back to.',
        );
      }
      if (to > revision) {
        throw new KheishError(
          'runtime/runtime_revision_not_found',
          `There is no revision ${to}; the newest is ${revision}.`,
        );
      }
      state.record({
        type: 'runtime_configured',
        revision: revision + 1,
        setting: 'rollback',
        rollback_of_revision: to,
        config: state.runtime(to).config,
      });
      return answer(state.runtime());
    };
    return answerOnce(this.#store, { load: {}, decide }, 200, options.idempotency);
  }

  /** Whether a call would be made by a run that began now, and why. */
  async checkPermission(request: CheckPermissionRequest): Promise<PermissionExplanation> {
    const { tool_name, input = {}, mode_override: mode } = request;
    const call = { type: 'tool_call', tool_call_id: 'check', tool_name, input } as const;
    const { command } = await this.#gate.prepare(call, () => false);
    const { config } = this.current();
    return decidePermission({
      mode: mode ?? config.permission_mode,
      rules: config.permission_rules,
      call: { tool_name, ...(command !== undefined && { binding: command }) },
    });
  }

  permissionMatrix(): PermissionMatrix {
    const names = this.#gate.definitions.map(({ name }) => name);
    return permissionMatrix(this.current().config.permission_rules, names);
  }
}

function expected(state: WorkingState, revision: number | undefined): RuntimeRevision {
  const current = state.runtime();
  if (revision === undefined || revision === current.revision) return current;
  throw new KheishError(
    'runtime/runtime_revision_conflict',
    `Revision ${current.revision} is in force, not ${revision}. Read it, and decide again.`,
  );
}
