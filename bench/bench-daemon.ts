import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type DaemonProcess, type Sandbox, startDaemon } from '../tests/harness/daemon-process.ts';

/** A daemon whose only route leads to the provider, with a workspace of one file. */
export function startBenchDaemon(
  box: Sandbox,
  providerUrl: string,
  env: Readonly<Record<string, string>> = {},
): Promise<DaemonProcess> {
  mkdirSync(box.workspaceRoot, { recursive: true });
  writeFileSync(join(box.workspaceRoot, 'notes.txt'), 'two routes\n'.repeat(20));
  const routesFile = box.file(
    'routes.toml',
    `version = 1\n[routes.bench]\ndriver = "openai_compatible"\ndefault_model = "m"\nbase_url = "${providerUrl}"\n`,
  );
  return startDaemon({ sandbox: box, routesFile, args: ['--log-level', 'info'], env });
}

/** Resident memory in MB, as the kernel has it. */
export function residentMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1024;
}

/** CPU that a process has used, in milliseconds. */
export function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** The write-ahead log of a root, in MB. */
export function logMb(stateRoot: string): number {
  return statSync(join(stateRoot, 'kheish.db-wal')).size / 1e6;
}
