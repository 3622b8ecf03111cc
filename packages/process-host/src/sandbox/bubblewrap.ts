import { existsSync, lstatSync, realpathSync } from 'node:fs';
import { type HiddenPlace, isWithin } from './hidden-places.ts';

export interface SandboxSpec {
  /** Without symbolic links. The only place of the host that can be written to. */
  readonly workspaceRoot: string;
  readonly hidden: readonly HiddenPlace[];
  /** Files of sockets that nobody in the sandbox may connect to, except in the workspace. */
  readonly sockets: readonly string[];
  readonly cwd: string;
  readonly network: boolean;
  /** Not even the workspace can be written to. */
  readonly readOnly?: boolean;
  readonly environment: Readonly<Record<string, string>>;
}

const TEMPORARY_BYTES = 1_073_741_824;

/** Empty in the sandbox: what others leave in them, sockets above all, is a way out. */
const privateDirectories = ['/tmp', '/var/tmp', '/run', '/var/run'];

/** What the sandbox has of its own, whatever the host has there. */
const ownDirectories = [...privateDirectories, '/dev', '/proc'];

/** The kernel lets their owner root write to these without any capability, namespaces or not. */
const kernelKnobs = ['acpi', 'bus', 'fs', 'irq', 'mtrr', 'scsi', 'sys', 'sysrq-trigger'];

/** Part of the system on NixOS, where everything else in `/run` is as elsewhere. */
const systemInRun = '/run/current-system';

/** The options of bwrap, without the command. */
export function bubblewrapArguments(spec: SandboxSpec): string[] {
  const { workspaceRoot, hidden, sockets, cwd, network, readOnly = false, environment } = spec;
  const inside = outermost(hidden.filter(({ path }) => isWithin(path, workspaceRoot)));
  const outside = outermost([
    ...hidden.filter(({ path }) => !isWithin(path, workspaceRoot)),
    ...sockets
      .filter((path) => ![...ownDirectories, workspaceRoot].some((own) => isWithin(path, own)))
      .map((path) => ({ path, isDirectory: false })),
  ]);
  const options = [
    ['--die-with-parent', '--new-session'],
    ['--unshare-user', '--unshare-pid', '--unshare-ipc', '--unshare-uts', '--unshare-cgroup-try'],
    network ? [] : ['--unshare-net'],
    ['--cap-drop', 'ALL'],
    ['--ro-bind', '/', '/'],
    ['--dev', '/dev'],
    ['--proc', '/proc'],
    ...kernelKnobs
      .map((name) => `/proc/${name}`)
      .filter((path) => existsSync(path))
      .map((path) => ['--ro-bind', path, path]),
    ...privateDirectories
      .filter((path) => lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
      .map((path) => ['--size', String(TEMPORARY_BYTES), '--tmpfs', path]),
    ['--ro-bind-try', systemInRun, systemInRun],
    network ? resolverOf('/etc/resolv.conf') : [],
    ...outside.map(masked),
    [readOnly ? '--ro-bind' : '--bind', workspaceRoot, workspaceRoot],
    ...inside.map(masked),
    ...[...outside, ...inside].map(sealed),
    ...Object.entries(environment).map(([name, value]) => ['--setenv', name, value]),
    ['--chdir', cwd],
  ];
  return options.flat();
}

function masked({ path, isDirectory }: HiddenPlace): string[] {
  return isDirectory ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
}

/** A directory that covers is as empty as it is, for good. */
function sealed({ path, isDirectory }: HiddenPlace): string[] {
  return isDirectory ? ['--remount-ro', path] : [];
}

/** What lies in another of these is covered with it. */
function outermost(places: readonly HiddenPlace[]): HiddenPlace[] {
  return places.filter(
    (place) => !places.some((other) => other !== place && isWithin(place.path, other.path)),
  );
}

/** The file with the name servers often lies in `/run`. */
function resolverOf(link: string): string[] {
  try {
    const file = realpathSync.native(link);
    return file === link ? [] : ['--ro-bind', file, file];
  } catch {
    return [];
  }
}
