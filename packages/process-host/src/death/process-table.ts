import { readFileSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';

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

/** All that live, as far as the system shows them. */
export async function livingProcesses(): Promise<ProcessEntry[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: ProcessEntry[] = [];
  for (let from = 0; from < pids.length; from += BATCH) {
    const batch = pids.slice(from, from + BATCH).map(async (pid) => {
      const stat = await textOf(`/proc/${pid}/stat`);
      return stat === undefined ? undefined : parseStat(pid, stat);
    });
    for (const entry of await Promise.all(batch)) if (entry !== undefined) found.push(entry);
  }
  return found;
}

/** The children of a process, at this moment. */
export async function childrenOf(pid: number): Promise<ProcessEntry[]> {
  const listed = await textOf(`/proc/${pid}/task/${pid}/children`);
  if (listed === undefined) {
    return (await livingProcesses()).filter(({ parent }) => parent === pid);
  }
  const pids = listed.split(' ').filter((word) => word.trim() !== '');
  return pids.flatMap((child) => livingProcess(Number(child)) ?? []);
}

/** Whether the environment that the process was started with says `name=value`. */
export async function startedWith(pid: number, name: string, value: string): Promise<boolean> {
  const environment = await textOf(`/proc/${pid}/environ`);
  return environment?.split('\0').includes(`${name}=${value}`) ?? false;
}

async function textOf(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}
