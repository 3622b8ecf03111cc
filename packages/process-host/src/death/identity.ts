import { readFileSync } from 'node:fs';
import type { ProcessIdentity } from '@kheish/core-model';
import { type ProcessEntry, livingProcess } from './process-table.ts';

/** Which start of the system this is; undefined where it does not tell. */
export function bootId(): string | undefined {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
  } catch {
    return undefined;
  }
}

export function identify(pid: number): ProcessIdentity | undefined {
  const boot_id = bootId();
  const entry = livingProcess(pid);
  if (boot_id === undefined || entry === undefined) return undefined;
  return { pid, start_ticks: String(entry.startTicks), boot_id };
}

/** The process, if it lives and is no later one of that number. The boot is the caller's to compare. */
export function livingLeader(identity: ProcessIdentity): ProcessEntry | undefined {
  const entry = livingProcess(identity.pid);
  return entry?.startTicks === Number(identity.start_ticks) ? entry : undefined;
}
