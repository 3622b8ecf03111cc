import type { Client, DaemonStatusView } from '@kheish/client-sdk';
import { exitCodes } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { type DoctorCheck, failing, linesOf, well } from './check.ts';
import { auditLedger, backups, corsPreflight, eventStream, readyz } from './probes.ts';
import { statusChecks } from './status-checks.ts';

/** As the reference prints it. */
export interface DoctorView {
  readonly ok: boolean;
  readonly status?: DaemonStatusView;
  /** Why there is no status. */
  readonly status_error?: string;
  readonly session_count: number;
  readonly pending_approvals: number;
  readonly pending_questions: number;
  readonly readyz_reachable: boolean;
  readonly events_stream_reachable: boolean;
  readonly checks: readonly DoctorCheck[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
}

export interface Diagnosis {
  readonly view: DoctorView;
  readonly exitCode: number;
}

/** Looks at everything that can be seen from here. Throws nothing: what fails is what it tells. */
export async function diagnose(client: Client, corsOrigin?: string): Promise<Diagnosis> {
  const ready = await readyz(client);
  const preflight = corsOrigin === undefined ? [] : [await corsPreflight(client, corsOrigin)];
  let status: DaemonStatusView;
  try {
    status = await client.status();
  } catch (error) {
    const { message, exitCode } = await failureOf(error);
    const checks = [ready, failing('status', 'no_status', message), ...preflight];
    return { view: { ...viewOf(checks), status_error: message }, exitCode };
  }
  const checks = [
    ready,
    well('status', `kheish ${status.version}, root ${status.root_id}, ${status.status}.`),
    await eventStream(client, status),
    ...preflight,
    ...statusChecks(status),
    await auditLedger(client),
    await backups(client, status),
  ];
  const view = viewOf(checks, status);
  return { view, exitCode: view.ok ? exitCodes.done : exitCodes.failure };
}

function viewOf(checks: readonly DoctorCheck[], status?: DaemonStatusView): DoctorView {
  const isOk = (name: string) => checks.some((found) => found.name === name && found.ok);
  return {
    ok: checks.every(({ ok }) => ok),
    ...(status && { status }),
    session_count: status?.sessions.total ?? 0,
    pending_approvals: status?.runs.waiting_for_approval ?? 0,
    pending_questions: status?.runs.waiting_for_user_question ?? 0,
    readyz_reachable: isOk('readyz'),
    events_stream_reachable: isOk('event_stream'),
    checks,
    warnings: linesOf(checks, 'warning'),
    errors: linesOf(checks, 'error'),
  };
}
