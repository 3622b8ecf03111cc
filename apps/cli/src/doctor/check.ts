/** What the doctor looked at, and found. */
export interface DoctorCheck {
  readonly name: string;
  readonly code: string;
  /** False only for an error. */
  readonly ok: boolean;
  readonly severity: 'info' | 'warning' | 'error';
  readonly message: string;
  readonly action?: string;
  readonly related_id?: string;
}

type Found = Omit<DoctorCheck, 'name' | 'ok' | 'severity'>;

function check(name: string, severity: DoctorCheck['severity'], found: Found): DoctorCheck {
  return { name, ok: severity !== 'error', severity, ...found };
}

export const well = (name: string, message: string): DoctorCheck =>
  check(name, 'info', { code: 'ok', message });

export const info = (name: string, code: string, message: string, more: Partial<Found> = {}) =>
  check(name, 'info', { code, message, ...more });

export const warning = (name: string, code: string, message: string, more: Partial<Found> = {}) =>
  check(name, 'warning', { code, message, ...more });

export const failing = (name: string, code: string, message: string, more: Partial<Found> = {}) =>
  check(name, 'error', { code, message, ...more });

/** One line for each of this severity. */
export function linesOf(
  checks: readonly DoctorCheck[],
  severity: DoctorCheck['severity'],
): readonly string[] {
  return checks
    .filter((found) => found.severity === severity)
    .map(({ name, code, message }) => `${name} ${code}: ${message}`);
}
