export {
  createEditingTools,
  createShellTools,
  createWorkspaceTools,
  type EditingToolsConfig,
  type ShellToolsConfig,
  type WorkspaceToolsConfig,
} from './create-workspace-tools.ts';
export { defaultLimits, type WorkspaceLimits } from './workspace-limits.ts';
export { bindCommand, type BindCommandOptions } from './shell/bind-command.ts';
export { createWebTools } from './web/create-web-tools.ts';
