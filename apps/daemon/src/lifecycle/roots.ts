import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { KheishError } from '@kheish/core-model';
import { makeDirectory } from '@kheish/state-store';
import type { DaemonLog } from './daemon-options.ts';

function contains(outer: string, inner: string): boolean {
  const path = relative(outer, inner);
  return path === '' || (path.split(sep)[0] !== '..' && !isAbsolute(path));
}

/** The workspace's real path; it is created where it is missing. */
export function openWorkspaceRoot(directory: string): string {
  try {
    makeDirectory(resolve(directory));
    return realpathSync(directory);
  } catch (error) {
    throw new KheishError(
      'config/invalid_configuration',
      `The workspace root ${directory} cannot be used; choose another --workspace-root. ${(error as Error).message}`,
      { cause: error },
    );
  }
}

/** A copy inside what it is a copy of, or before the eyes of the agents, is none. */
export function checkBackupsApart(
  backupDir: string,
  stateRoot: string,
  workspaceRoot: string,
): void {
  for (const root of [stateRoot, workspaceRoot]) {
    if (!contains(root, backupDir) && !contains(backupDir, root)) continue;
    throw new KheishError(
      'config/invalid_configuration',
      `The backup directory ${backupDir} and ${root} lie within each other. Choose another --backup-dir.`,
    );
  }
}

/** Tools never see the state root, but an operator who protects the API will want it well apart. */
export function checkRootsApart(
  stateRoot: string,
  workspaceRoot: string,
  authEnabled: boolean,
  log: DaemonLog,
): void {
  if (!contains(workspaceRoot, stateRoot) && !contains(stateRoot, workspaceRoot)) return;
  const sentence = `The state root ${stateRoot} and the workspace root ${workspaceRoot} lie within each other.`;
  if (authEnabled) {
    throw new KheishError(
      'config/invalid_configuration',
      `${sentence} Choose separate directories when the API needs a token.`,
    );
  }
  log.warn({ state_root: stateRoot, workspace_root: workspaceRoot }, sentence);
}
