import type { AuthSlotRecord } from '@kheish/client-sdk';
import { UsageError } from '../failure.ts';
import { readSource } from './text-source.ts';

export const secretProviders = [
  'generic',
  'anthropic',
  'google',
  'openai',
  'openrouter',
  'xai',
] as const;

export interface SecretFlags {
  readonly provider: (typeof secretProviders)[number];
  readonly value?: string;
  readonly fromEnv?: string;
  readonly fromFile?: string;
  readonly stdin?: true;
  readonly organization?: string;
  readonly project?: string;
  readonly expiresAt?: string;
}

/** The slot that `secrets set` was told to write. */
export async function secretRecord(ref: string, flags: SecretFlags): Promise<AuthSlotRecord> {
  const { expiresAt } = flags;
  const expiry = expiresAt === undefined ? {} : { expires_at_ms: unixMs(expiresAt) };
  return { ...(await typedRecord(ref, flags)), ...expiry };
}

/** Unix milliseconds; a day without a time is over when it begins, in UTC. */
function unixMs(time: string): number {
  const isMs = /^\d{11,15}$/.test(time);
  const isDate = /^\d{4}-\d\d-\d\d(T[\d:.]+(Z|[+-]\d\d:\d\d))?$/.test(time);
  const ms = isMs ? Number(time) : isDate ? Date.parse(time) : NaN;
  if (Number.isNaN(ms)) {
    throw new UsageError(
      `--expires-at: ${time} is no time; write 2026-12-31 or 2026-12-31T12:00:00Z`,
    );
  }
  return ms;
}

async function typedRecord(ref: string, flags: SecretFlags): Promise<AuthSlotRecord> {
  const { provider, organization, project } = flags;
  if (provider !== 'openai' && (organization !== undefined || project !== undefined)) {
    throw new UsageError('--organization and --project go with --provider openai');
  }
  const secret = await readSecret(flags);
  if (provider === 'generic') {
    return { slot_id: ref, provider, mode: 'opaque_secret', state: { value: secret } };
  }
  const state = { kind: 'api_key', api_key: secret } as const;
  if (provider === 'openai') {
    const accounts = {
      ...(organization !== undefined && { organization }),
      ...(project !== undefined && { project }),
    };
    return { slot_id: ref, provider: 'open_ai', mode: 'api_key', state: { ...state, ...accounts } };
  }
  const wireNames = {
    anthropic: 'anthropic',
    google: 'google',
    openrouter: 'open_router',
    xai: 'x_ai',
  } as const;
  return { slot_id: ref, provider: wireNames[provider], mode: 'api_key', state };
}

/** Inline and from the environment byte for byte; a file or stdin loses one trailing newline. */
async function readSecret(flags: SecretFlags): Promise<string> {
  const { value, fromEnv, fromFile, stdin } = flags;
  const choices = '--value, --from-env, --from-file and --stdin';
  if (value !== undefined && fromEnv !== undefined) {
    throw new UsageError(`give exactly one of ${choices}`);
  }
  const argument = fromEnv === undefined ? value : variable(fromEnv);
  const file = fromFile === undefined ? undefined : { flag: '--from-file', path: fromFile };
  const read = await readSource({ argument, file, stdin }, choices);
  const secret = argument === undefined ? read.replace(/\r?\n$/, '') : read;
  if (secret.trim() === '') throw new UsageError('the secret is blank');
  return secret;
}

function variable(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new UsageError(`--from-env: ${name} is not set`);
  return value;
}
