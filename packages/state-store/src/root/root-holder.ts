import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Who holds a root, as `daemon.json` tells it. */
export interface RootHolder {
  readonly pid: number;
  /** Start time of the process in clock ticks since boot; absent where the system does not tell. */
  readonly started_ticks?: number;
  readonly version: string;
  readonly root_id?: string;
  readonly address?: string;
}

/** proc(5), field 22 of `/proc/<pid>/stat`: together with the pid it names one process for good. */
export function startedTicks(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? undefined : Number(fields[19]);
  } catch {
    return undefined;
  }
}

/** True only where the very process that wrote the record is known to be alive. */
export function isAlive(holder: RootHolder): boolean {
  return holder.started_ticks !== undefined && startedTicks(holder.pid) === holder.started_ticks;
}

const fileOf = (root: string) => join(root, 'daemon.json');

export function readHolder(root: string): RootHolder | undefined {
  try {
    const holder = JSON.parse(readFileSync(fileOf(root), 'utf8')) as RootHolder;
    return typeof holder.pid === 'number' ? holder : undefined;
  } catch {
    return undefined;
  }
}

export function writeHolder(root: string, holder: RootHolder): void {
  const temporary = `${fileOf(root)}.${holder.pid}`;
  writeFileSync(temporary, `${JSON.stringify(holder, null, 2)}\n`, { mode: 0o600 });
  renameSync(temporary, fileOf(root));
}

export function removeHolder(root: string): void {
  rmSync(fileOf(root), { force: true });
}
