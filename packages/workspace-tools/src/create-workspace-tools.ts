import { isAbsolute } from 'node:path';
import type { RandomSource, Tool } from '@kheish/core-model';
import type { ProcessHost } from '@kheish/process-host';
import { PathLocks } from './editing/path-locks.ts';
import { type ShellTool, bashTool } from './shell/bash.ts';
import { MIN_OUTPUT_BYTES } from './text/bounded-text.ts';
import { applyPatchTool } from './tools/apply-patch.ts';
import type { WorkspaceToolOptions } from './tools/define-tool.ts';
import { editFileTool } from './tools/edit-file.ts';
import { globSearchTool } from './tools/glob-search.ts';
import { grepSearchTool } from './tools/grep-search.ts';
import { listFilesTool } from './tools/list-files.ts';
import { readFileTool } from './tools/read-file.ts';
import { writeFileTool } from './tools/write-file.ts';
import { type WorkspaceLimits, defaultLimits } from './workspace-limits.ts';
import { Workspace } from './workspace/workspace.ts';

export interface WorkspaceToolsConfig {
  /** The directory that the tools are confined to; need not exist yet. */
  readonly workspaceRoot: string;
  /** Absolute paths of files and directories that no tool may see, by whatever name. */
  readonly hidden: readonly string[];
  readonly limits?: Partial<WorkspaceLimits>;
}

/** The tools that read the workspace. What is hidden answers exactly like what does not exist. */
export function createWorkspaceTools(config: WorkspaceToolsConfig): Tool[] {
  const options = toolOptions(config);
  return [readFileTool, listFilesTool, globSearchTool, grepSearchTool].map((tool) => tool(options));
}

export interface EditingToolsConfig extends WorkspaceToolsConfig {
  readonly random: RandomSource;
}

/**
 * The tools that change files of the workspace, and nothing that is hidden or outside. Calls on one file take turns
 * when they are calls of one set of tools: make one for a workspace.
 */
export function createEditingTools(config: EditingToolsConfig): Tool[] {
  const options = { ...toolOptions(config), random: config.random, locks: new PathLocks() };
  return [writeFileTool(options), editFileTool(options), applyPatchTool(options)];
}

export interface ShellToolsConfig extends WorkspaceToolsConfig {
  readonly host: ProcessHost;
  /** Whether a call may ask for the network, the daemon's own address included. */
  readonly networkAllowed: boolean;
}

/** The tools that run commands in the workspace, with what the host keeps from them. */
export function createShellTools(config: ShellToolsConfig): ShellTool[] {
  const { host, hidden, networkAllowed } = config;
  return [bashTool({ ...toolOptions(config), host, hidden, networkAllowed })];
}

function toolOptions(config: WorkspaceToolsConfig): WorkspaceToolOptions {
  for (const path of [config.workspaceRoot, ...config.hidden]) {
    if (!isAbsolute(path)) throw new Error(`not an absolute path: ${path}`);
  }
  const limits = { ...defaultLimits, ...config.limits };
  if (limits.maxOutputBytes < MIN_OUTPUT_BYTES) {
    throw new Error(`maxOutputBytes is less than ${MIN_OUTPUT_BYTES}`);
  }
  return { limits, openWorkspace: () => Workspace.open(config.workspaceRoot, config.hidden) };
}
