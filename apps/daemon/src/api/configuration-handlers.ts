import type { RuntimeConfig, RuntimeRevision } from '@kheish/core-model';
import type { Handlers } from '@kheish/http-api';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';
import { answered } from './answered.ts';
import { numberedPageRequest, page } from './page-request.ts';
import { runtimeView } from './runtime-settings.ts';

type ConfigurationOperation =
  | 'setRuntimeModel'
  | 'setPermissionMode'
  | 'setSystemPrompt'
  | 'getToolLimits'
  | 'setToolLimits'
  | 'getBudgets'
  | 'setBudgets'
  | 'getPermissionRules'
  | 'setPermissionRules'
  | 'listRuntimeRevisions'
  | 'rollbackRuntime'
  | 'checkPermission'
  | 'getPermissionMatrix';

/** Live configuration: what is in force, every change of it, and what it decides. */
export function configurationHandlers(parts: DaemonParts): Pick<Handlers, ConfigurationOperation> {
  const { store, engine, routes, processes } = parts;
  const { configuration } = engine;
  /** The whole view, made in the commit of the change. */
  const settings = async () => {
    const sandbox = await processes.sandbox();
    return (revision: RuntimeRevision) => runtimeView(parts, sandbox, revision);
  };
  return {
    setRuntimeModel: async ({ body, idempotency }) => {
      const { provider, route_id = provider, model, expected_revision: expectedRevision } = body;
      const pin = routes.pin({ model, ...(route_id !== undefined && { routeId: route_id }) });
      const chosen = { route_id: pin.route_id, model: pin.model };
      const change = (config: RuntimeConfig) => ({ ...config, model: chosen });
      const options = { expectedRevision, idempotency };
      return answered(await configuration.change('model', change, await settings(), options));
    },
    setPermissionMode: async ({ body, idempotency }) => {
      const { mode, expected_revision: expectedRevision } = body;
      const change = (config: RuntimeConfig) => ({ ...config, permission_mode: mode });
      const options = { expectedRevision, idempotency };
      return answered(
        await configuration.change('permission_mode', change, await settings(), options),
      );
    },
    setSystemPrompt: async ({ body, idempotency }) => {
      const { settings: prompt, expected_revision: expectedRevision } = body;
      const change = (config: RuntimeConfig) => ({ ...config, system_prompt: prompt });
      const options = { expectedRevision, idempotency };
      return answered(
        await configuration.change('system_prompt', change, await settings(), options),
      );
    },
    getToolLimits: () => toolLimits(configuration.current()),
    setToolLimits: async ({ body, idempotency }) => {
      const { limits, expected_revision: expectedRevision } = body;
      const change = (config: RuntimeConfig) => ({
        ...config,
        tool_limits: { ...config.tool_limits, ...limits },
      });
      const options = { expectedRevision, idempotency };
      return answered(await configuration.change('tool_limits', change, toolLimits, options));
    },
    getBudgets: () => budgets(configuration.current()),
    setBudgets: async ({ body, idempotency }) => {
      const { budgets: next, expected_revision: expectedRevision } = body;
      const change = (config: RuntimeConfig) => ({ ...config, budgets: next });
      const options = { expectedRevision, idempotency };
      return answered(await configuration.change('budgets', change, budgets, options));
    },
    getPermissionRules: () => permissionRules(configuration.current()),
    setPermissionRules: async ({ body, idempotency }) => {
      const { rules, approval_expires_after_ms: expiry, expected_revision } = body;
      const change = (config: RuntimeConfig) => ({
        ...withExpiry(config, expiry),
        permission_rules: rules,
      });
      const options = { expectedRevision: expected_revision, idempotency };
      return answered(
        await configuration.change('permission_rules', change, permissionRules, options),
      );
    },
    listRuntimeRevisions: ({ query }) => {
      const { limit, after: before } = numberedPageRequest(query);
      const rows = store.read.revisions({
        limit: limit + 1,
        ...(before !== undefined && { before }),
      });
      return page(rows, limit, 'revision_desc', revisionOf, (shown) => [...shown]);
    },
    rollbackRuntime: async ({ body, idempotency }) => {
      const { target_revision: target, expected_revision: expectedRevision } = body;
      const options = { expectedRevision, idempotency };
      return answered(await configuration.rollback(target, await settings(), options));
    },
    checkPermission: ({ body }) => configuration.checkPermission(body),
    getPermissionMatrix: () => configuration.permissionMatrix(),
  };
}

/** Null: requests stay open until they are answered; undefined: as before. */
function withExpiry(config: RuntimeConfig, expiry: number | null | undefined): RuntimeConfig {
  const { approval_expires_after_ms: _before, ...rest } = config;
  if (expiry === undefined) return config;
  return expiry === null ? rest : { ...rest, approval_expires_after_ms: expiry };
}

const revisionOf = ({ revision }: RuntimeRevision) => String(revision);

const toolLimits = ({ revision, config }: RuntimeRevision) => ({
  revision,
  limits: config.tool_limits,
});

const budgets = ({ revision, config }: RuntimeRevision) => ({ revision, budgets: config.budgets });

const permissionRules = ({ revision, config }: RuntimeRevision) => ({
  revision,
  rules: config.permission_rules,
  ...(config.approval_expires_after_ms !== undefined && {
    approval_expires_after_ms: config.approval_expires_after_ms,
  }),
});
