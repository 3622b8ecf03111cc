import {
  type BodyOf,
  type Budgets,
  type CheckPermissionRequest,
  type PermissionExplanation,
  type PermissionMatrix,
  type PermissionMode,
  type PermissionRule,
  type ResponseOf,
  type RuntimeRevisionView,
  type RuntimeSettingsView,
  type SystemPromptSettings,
  type ToolRuntimeLimits,
  firstRevision,
} from '@kheish/core-model';
import { type CallOptions, type KeyedCallOptions, request } from '../transport/request.ts';
import type { Transport } from '../transport/transport.ts';
import { type Auth, authOf } from './auth.ts';
import { type ListOptions, type Listing, listing } from './listing.ts';

export interface ChangeOptions extends KeyedCallOptions {
  /** The change is refused with `runtime/runtime_revision_conflict` where another revision is in force. */
  readonly expectedRevision?: number | undefined;
}

/** The limits before anyone changed them. */
export const initialToolLimits: ToolRuntimeLimits = firstRevision.config.tool_limits;

export type ToolLimitsView = ResponseOf<'getToolLimits'>;
export type BudgetsView = ResponseOf<'getBudgets'>;
export type PermissionRulesView = ResponseOf<'getPermissionRules'>;

/** The configuration that an operator may change while the daemon runs. Runs keep the one with which they began. */
export interface Runtime {
  readonly auth: Auth;
  get(options?: CallOptions): Promise<RuntimeSettingsView>;
  /** `model` may be `route/model`. */
  setModel(
    model: string,
    options?: ChangeOptions & { readonly routeId?: string | undefined },
  ): Promise<RuntimeSettingsView>;
  setPermissionMode(mode: PermissionMode, options?: ChangeOptions): Promise<RuntimeSettingsView>;
  /** Replaces all settings of the prompt. */
  setSystemPrompt(
    settings: SystemPromptSettings,
    options?: ChangeOptions,
  ): Promise<RuntimeSettingsView>;
  readonly toolLimits: {
    get(options?: CallOptions): Promise<ToolLimitsView>;
    /** Limits that are left out keep their value. */
    set(limits: Partial<ToolRuntimeLimits>, options?: ChangeOptions): Promise<ToolLimitsView>;
  };
  readonly budgets: {
    get(options?: CallOptions): Promise<BudgetsView>;
    /** Replaces all budgets; one that is left out is without limit. */
    set(budgets: Budgets, options?: ChangeOptions): Promise<BudgetsView>;
  };
  readonly permissionRules: {
    get(options?: CallOptions): Promise<PermissionRulesView>;
    /** Replaces all rules. `approvalExpiresAfterMs` null: approvals stay open; absent: as before. */
    set(
      rules: PermissionRule[],
      options?: ChangeOptions & { readonly approvalExpiresAfterMs?: number | null | undefined },
    ): Promise<PermissionRulesView>;
  };
  /** Newest first. */
  revisions(options?: ListOptions): Listing<RuntimeRevisionView>;
  /** Makes an earlier revision the newest; without a target the one before the one in force. */
  rollback(targetRevision?: number, options?: ChangeOptions): Promise<RuntimeSettingsView>;
  /** Whether a run that began now might make the call, and why. */
  checkPermission(
    call: CheckPermissionRequest,
    options?: CallOptions,
  ): Promise<PermissionExplanation>;
  permissionMatrix(options?: CallOptions): Promise<PermissionMatrix>;
}

export function runtimeOf(transport: Transport): Runtime {
  return {
    auth: authOf(transport),
    get: (call = {}) => request(transport, 'getRuntime', call),
    setModel: (model, { routeId, ...options } = {}) =>
      request(transport, 'setRuntimeModel', {
        ...options,
        body: {
          model,
          ...(routeId !== undefined && { route_id: routeId }),
          ...expected(options),
        },
      }),
    setPermissionMode: (mode, options) =>
      request(transport, 'setPermissionMode', { ...options, body: { mode, ...expected(options) } }),
    setSystemPrompt: (settings, options) =>
      request(transport, 'setSystemPrompt', {
        ...options,
        body: { settings, ...expected(options) },
      }),
    toolLimits: {
      get: (call = {}) => request(transport, 'getToolLimits', call),
      set: (limits, options) =>
        request(transport, 'setToolLimits', { ...options, body: { limits, ...expected(options) } }),
    },
    budgets: {
      get: (call = {}) => request(transport, 'getBudgets', call),
      set: (budgets, options) =>
        request(transport, 'setBudgets', { ...options, body: { budgets, ...expected(options) } }),
    },
    permissionRules: {
      get: (call = {}) => request(transport, 'getPermissionRules', call),
      set: (rules, { approvalExpiresAfterMs: expiry, ...options } = {}) =>
        request(transport, 'setPermissionRules', {
          ...options,
          body: {
            rules,
            ...(expiry !== undefined && { approval_expires_after_ms: expiry }),
            ...expected(options),
          },
        }),
    },
    revisions: (options = {}) =>
      listing(options, (query, { signal, timeoutMs }) =>
        request(transport, 'listRuntimeRevisions', { query, signal, timeoutMs }),
      ),
    rollback: (target, options) =>
      request(transport, 'rollbackRuntime', {
        ...options,
        body: { ...(target !== undefined && { target_revision: target }), ...expected(options) },
      }),
    checkPermission: (call, options) =>
      request(transport, 'checkPermission', { ...options, body: call }),
    permissionMatrix: (call = {}) => request(transport, 'getPermissionMatrix', call),
  };
}

function expected(
  options: ChangeOptions | undefined,
): Pick<BodyOf<'setBudgets'>, 'expected_revision'> {
  const revision = options?.expectedRevision;
  return revision === undefined ? {} : { expected_revision: revision };
}
