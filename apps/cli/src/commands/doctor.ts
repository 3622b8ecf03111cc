import { type Command, Option } from 'commander';
import type { DoctorCheck } from '../doctor/check.ts';
import { UsageError } from '../failure.ts';
import { clientOf, integer, printerOf } from '../invocation.ts';
import type { Columns } from '../output/columns.ts';

const codes = `
Exit codes: 0 nothing is wrong, or only warnings; 1 an error was found; 3 no daemon answers; 4 it refuses the token;
8 its answer is not understood.
`;

const checkColumns: Columns<DoctorCheck> = {
  heads: ['check', 'severity', 'code', 'about', 'message', 'what to do'],
  row: (found) => [
    found.name,
    found.code === 'ok' ? 'ok' : found.severity,
    found.code,
    found.related_id,
    found.message,
    found.action,
  ],
};

interface RouteFlags {
  readonly route?: string;
  readonly defaultRoute?: string;
  readonly checkAuth?: true;
  readonly checkReferences?: true;
  readonly canary?: true;
  readonly canaryTimeoutMs: number;
  readonly routesFile?: string;
}

export function addDoctor(program: Command): void {
  const doctor = program
    .command('doctor')
    .description('look at a running daemon from all sides, and say what to do')
    .option('--cors-origin <origin>', 'may a page of this origin call?')
    .addHelpText('after', codes)
    .action(async (flags: { corsOrigin?: string }, command: Command) => {
      const { diagnose } = await import('../doctor/doctor-view.ts');
      const { view, exitCode } = await diagnose(await clientOf(command), flags.corsOrigin);
      process.exitCode = exitCode;
      await show(command, view, view.checks);
    });
  doctor
    .command('routes')
    .description('the routes, their credentials, and who still names routes that are gone')
    .option('--route <route>', 'this one alone')
    .option('--check-auth', "does the provider take the route's credential? makes one small run")
    .option('--canary', 'does a small run complete? in a session of its own, which is erased')
    .option('--check-references', 'do sessions name routes that are not there?')
    .addOption(
      new Option('--canary-timeout-ms <ms>', 'for each of these runs')
        .argParser(integer(1))
        .default(90_000),
    )
    .option('--routes-file <file>', 'read this file; no daemon is asked')
    .option('--default-route <route>', 'with --routes-file: in the place of its default_route')
    .addHelpText('after', codes)
    .action(async (flags: RouteFlags, command: Command) => {
      const { exitCodeOfRoutes } = await import('../doctor/route-doctor.ts');
      const view = await (flags.routesFile === undefined
        ? ofDaemon(flags, command)
        : ofFile({ ...flags, routesFile: flags.routesFile }));
      process.exitCode = exitCodeOfRoutes(view);
      await show(command, view, view.diagnostics);
    });
}

async function ofDaemon(flags: RouteFlags, command: Command) {
  if (flags.defaultRoute !== undefined)
    throw new UsageError('--default-route goes with --routes-file');
  const { diagnoseRoutes } = await import('../doctor/route-doctor.ts');
  return diagnoseRoutes(await clientOf(command), {
    route: flags.route,
    checkAuth: flags.checkAuth === true,
    checkReferences: flags.checkReferences === true,
    canary: flags.canary === true,
    canaryTimeoutMs: flags.canaryTimeoutMs,
  });
}

async function ofFile(flags: RouteFlags & { routesFile: string }) {
  const { routesFile, defaultRoute } = flags;
  if (flags.checkAuth || flags.canary || flags.checkReferences || flags.route !== undefined) {
    throw new UsageError('--routes-file is read without a daemon; the other checks need one');
  }
  const { readRoutesFile } = await import('@kheish/daemon');
  const { routesView } = await import('../doctor/route-doctor.ts');
  const read = readRoutesFile({
    routesFile,
    environment: process.env,
    ...(defaultRoute !== undefined && { defaultRoute }),
  });
  return routesView(read.routes, read.defaultRoute, [], {
    source: 'file',
    auth_checked: false,
    reference_checked: false,
    canary_checked: false,
  });
}

/** A table of checks for people; the whole view, before any failure is told, for programs. */
async function show(command: Command, view: object, checks: readonly DoctorCheck[]): Promise<void> {
  const print = printerOf(command);
  await (print.form === 'table' ? print.list(checks, checkColumns) : print.view(view));
}
