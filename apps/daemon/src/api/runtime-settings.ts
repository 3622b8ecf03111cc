import type { RuntimeRevision, RuntimeSettingsView, SandboxView } from '@kheish/core-model';
import { type Route, routeView } from '@kheish/route-inventory';
import type { DaemonParts } from '../lifecycle/daemon-parts.ts';

/** What is in force: routes, limits and the configuration of the newest revision. */
export async function currentRuntime(parts: DaemonParts): Promise<RuntimeSettingsView> {
  const sandbox = await parts.processes.sandbox();
  return runtimeView(parts, sandbox, parts.engine.configuration.current());
}

export function runtimeView(
  { store, engine, routes, workspaceRoot }: DaemonParts,
  sandbox: SandboxView,
  { revision, config, updated_at_ms: updatedAtMs }: RuntimeRevision,
): RuntimeSettingsView {
  const { inventory } = routes;
  const chosen = config.model?.route_id ?? inventory.defaultRoute ?? '';
  const fallback: Route | undefined = inventory.routes.get(chosen);
  const { limits } = engine;
  return {
    workspace_root: workspaceRoot,
    state_root: store.root.stateRoot,
    ...(fallback && { default_route: routeView(fallback) }),
    route_id: fallback?.id ?? null,
    provider: fallback?.driver ?? null,
    model: config.model?.model ?? fallback?.defaultModel ?? null,
    routes: [...inventory.routes.values()].map(routeView),
    route_diagnostics: routes.readiness(),
    tool_names: [...engine.toolNames],
    permission_mode: config.permission_mode,
    permission_rule_count: config.permission_rules.length,
    system_prompt: config.system_prompt,
    tool_runtime_limits: config.tool_limits,
    budgets: config.budgets,
    sandbox,
    config: {
      revision,
      ...(updatedAtMs !== undefined && { updated_at_ms: updatedAtMs }),
      persisted: true,
    },
    limits: {
      max_running_runs: limits.maxRunningRuns,
      max_running_runs_per_route: limits.maxRunningRunsPerRoute,
      max_queued_runs_per_session: limits.maxQueuedRunsPerSession,
      max_steps_per_run: limits.maxStepsPerRun,
    },
  };
}
