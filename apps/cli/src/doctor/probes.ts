import { type Client, type DaemonStatusView, KheishError, preflight } from '@kheish/client-sdk';
import { type DoctorCheck, failing, info, warning, well } from './check.ts';

const PROBE_MS = 3_000;
const STREAM_MS = 12_000;
const OLD_BACKUP_MS = 7 * 24 * 60 * 60 * 1_000;

const words = (error: unknown) => (error instanceof Error ? error.message : String(error));
const codeOf = (error: unknown) =>
  error instanceof KheishError ? error.code.replace(/^.*\//, '') : 'unreachable';

export async function readyz(client: Client): Promise<DoctorCheck> {
  try {
    await client.readyz({ timeoutMs: PROBE_MS });
    return well('readyz', 'The daemon takes work.');
  } catch (error) {
    const code = codeOf(error);
    const passing = code.startsWith('daemon_');
    return (passing ? warning : failing)('readyz', code, words(error));
  }
}

/** The newest event comes again to who asks for what is behind the one before it. */
export async function eventStream(
  client: Client,
  { events }: DaemonStatusView,
): Promise<DoctorCheck> {
  const name = 'event_stream';
  const newest = BigInt(events.newest_event_id);
  const cursor = String(newest > 0n ? newest - 1n : 0n);
  const signal = AbortSignal.timeout(STREAM_MS);
  try {
    for await (const { id } of client.events.stream({ cursor, signal, graceMs: 0 })) {
      return well(name, `A frame came, event ${id ?? '(live)'}.`);
    }
    return failing(name, 'no_frame', `No frame came within ${STREAM_MS} ms.`, {
      action: 'A proxy before the daemon must not buffer event streams.',
    });
  } catch (error) {
    return failing(name, codeOf(error), words(error));
  }
}

export async function corsPreflight(client: Client, origin: string): Promise<DoctorCheck> {
  const name = 'cors_preflight';
  try {
    const { status, allowed } = await preflight(client, origin, { timeoutMs: PROBE_MS });
    if (allowed) return well(name, `Pages of ${origin} may call.`);
    return failing(name, 'origin_not_allowed', `Pages of ${origin} may not call (${status}).`, {
      related_id: origin,
      action: `Start the daemon with --http-cors-allow-origin ${origin}`,
    });
  } catch (error) {
    return failing(name, codeOf(error), words(error));
  }
}

export async function auditLedger(client: Client): Promise<DoctorCheck> {
  const name = 'audit_ledger';
  try {
    const { ok, failure, size, key, uncovered } = await client.audit.status();
    if (!ok) return failing(name, 'ledger_unavailable', failure ?? 'It takes no entries.');
    if (key.co_located) {
      const message =
        'The key that signs the audit lies beside it: who can write the one can forge the other.';
      const action = 'kheish audit relocate-key';
      return warning(name, 'audit_key_co_located', message, { related_id: key.key_id, action });
    }
    return well(name, `${size} entries, ${uncovered} not under a checkpoint yet.`);
  } catch (error) {
    return notAllowed(name, error);
  }
}

export async function backups(
  client: Client,
  { snapshot_at_ms: now }: DaemonStatusView,
): Promise<DoctorCheck> {
  const name = 'backups';
  const action = 'kheish backup create';
  try {
    let newest: number | undefined;
    for await (const { state, created_at_ms: at = 0 } of client.backups.list({ limit: 100 })) {
      if (state === 'complete') newest = Math.max(newest ?? 0, at);
    }
    if (newest === undefined) {
      return warning(name, 'no_backup', 'The daemon knows of no backup.', { action });
    }
    const told = `The newest is of ${new Date(newest).toISOString()}.`;
    if (now - newest > OLD_BACKUP_MS) return warning(name, 'backup_old', told, { action });
    return well(name, told);
  } catch (error) {
    return notAllowed(name, error);
  }
}

/** Not everybody who may ask the doctor may see everything. */
function notAllowed(name: string, error: unknown): DoctorCheck {
  if (!(error instanceof KheishError)) return failing(name, codeOf(error), words(error));
  const severity = error.status === 403 || error.status === 404 ? info : warning;
  return severity(name, codeOf(error), words(error));
}
