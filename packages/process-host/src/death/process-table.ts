import { readFileSync, readdirSync } from 'node:fs';

/** A process that lives, as proc(5) tells it. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
  /** Clock ticks from the start of the system: with the pid it names one process for good. */
  readonly startTicks: number;
}

const BATCH = 64;

/** Undefined where there is none: a zombie has done all it ever will. */
function parseStat(pid: number, stat: string): ProcessEntry | undefined {
  // The name of the program stands in parentheses and may hold anything, parentheses too.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, parent, group] = fields;
  if (state === undefined || state === 'Z' || state === 'X') return undefined;
  return {
    pid,
    parent: Number(parent),
    group: Number(group),
    startTicks: Number(fields[19]),
  };
}

export function livingProcess(pid: number): ProcessEntry | undefined {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/**
 * All that live, as far as the system shows them. The files of /proc are made in memory as they are read: a way through
 * the thread pool for each would take ten times as long.
 */
export async function livingProcesses(): Promise<ProcessEntry[]> {
  const found: ProcessEntry[] = [];
  let turn = 0;
  for (const name of readdirSync('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid)) continue;
    const entry = livingProcess(pid);
    if (entry !== undefined) found.push(entry);
    turn += 1;
    if (turn % BATCH === 0) await nextTurn();
  }
  return found;
}

/** The children of a process, at this moment. */
export async function childrenOf(pid: number): Promise<ProcessEntry[]> {
  const listed = textOf(`/proc/${pid}/task/${pid}/children`);
  if (listed === undefined) {
    return (await livingProcesses()).filter(({ parent }) => parent === pid);
  }
  const pids = listed.split(' ').filter((word) => word.trim() !== '');
  return pids.flatMap((child) => livingProcess(Number(child)) ?? []);
}

/** Whether the environment that the process was started with says `name=value`. */
export function startedWith(pid: number, name: string, value: string): boolean {
  const environment = textOf(`/proc/${pid}/environ`);
  return environment?.split('\0').includes(`${name}=${value}`) ?? false;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
