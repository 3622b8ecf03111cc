import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApiRole,
  type ApiTokenView,
  type AuthSlotStatus,
  KheishError,
} from '@kheish/core-model';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { controlPlaneView } from '../access/control-plane-view.ts';
import { type HealthFacts, healthView } from './health-view.ts';

const DAY = 86_400_000;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kheish-health-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return { file: join(folder, name) };
};

type Options = Parameters<typeof controlPlaneView>[0];
type Given = Partial<Options['auth']> & { host?: string; active?: ApiRole[]; enabled?: boolean };

function door({ host = '127.0.0.1', active = [], enabled = true, ...auth }: Given = {}) {
  return controlPlaneView(
    { auth: { mode: 'auto', ...auth }, bind: { host, port: 0 } },
    { enabled, authenticate: () => undefined },
    { active: () => new Map(active.map((role) => [role, 1])) },
    `${host}:4000`,
  );
}

const available = (given: Given) => {
  const view = door(given);
  return [view.auth_effective_admin_token_available, view.auth_effective_read_only_token_available];
};

describe('the door', () => {
  test('tells which tokens would open it now', () => {
    const admin = { value: 'a' };
    const readonly = { value: 'r' };
    expect(available({})).toEqual([false, false]);
    expect(available({ admin })).toEqual([true, false]);
    expect(available({ admin, readonly })).toEqual([true, true]);
    expect(available({ active: ['admin'] })).toEqual([true, false]);
    expect(available({ active: ['readonly', 'operator'] })).toEqual([false, true]);
    expect(available({ admin: { file: join(folder, 'none') } })).toEqual([false, false]);
    const same = { admin: file('a', 'x\n'), readonly: file('b', 'x') };
    expect(available(same)).toEqual([false, false]);
    expect(available({ ...same, active: ['admin'] })).toEqual([true, false]);
  });

  test('tells of token files without their tokens', () => {
    const admin = file('admin', 'token-canary');
    const view = door({ admin, readonly: file('reader', ' \n') });
    expect(view.auth_token_files).toEqual([
      { role: 'admin', path: admin.file, readable: true, token_loaded: true },
      {
        role: 'readonly',
        path: join(folder, 'reader'),
        readable: true,
        token_loaded: false,
        error: 'It is empty.',
      },
    ]);
    expect([view.auth_token_file_count, view.auth_token_file_error_count]).toEqual([2, 1]);
    expect(JSON.stringify(view)).not.toContain('canary');
    rmSync(admin.file);
    expect(door({ admin }).auth_token_files[0]).toMatchObject({
      readable: false,
      error: 'It cannot be read: ENOENT.',
    });
  });

  test.each([
    ['127.0.0.1', true, false],
    ['[::1]', true, false],
    ['0.0.0.0', false, true],
    ['[::]', false, true],
    ['10.0.0.7', false, false],
  ])('%s is loopback: %s, every address: %s', (host, local, all) => {
    const view = door({ host, enabled: false });
    expect([view.bind_is_loopback, view.bind_is_unspecified]).toEqual([local, all]);
    expect(view.externally_exposed_without_auth).toBe(!local);
    expect(door({ host }).externally_exposed_without_auth).toBe(false);
  });
});

function facts(more: Partial<HealthFacts> = {}): HealthFacts {
  return {
    nowMs: 0,
    controlPlane: door({ active: ['admin'] }),
    tokens: [],
    slots: [],
    hasMasterKey: false,
    failure: undefined,
    ledgerFailure: undefined,
    routes: [{ route_id: 'main', state: 'ok', code: 'ready', message: 'ready' }],
    sandbox: { kind: 'bubblewrap', version: '1' },
    ...more,
  };
}

const told = (more: Partial<HealthFacts>) =>
  healthView(facts(more)).warnings.map(({ severity, code, related_id: id }) =>
    [severity, code, ...(id === undefined ? [] : [id])].join(' '),
  );

const token = (id: string, end?: number, status: ApiTokenView['status'] = 'active') => ({
  token_id: id,
  name: id,
  role: 'operator' as const,
  status,
  created_at_ms: 0,
  created_by: 'admin',
  ...(end !== undefined && { expires_at_ms: end }),
});

const slot = (id: string, details: AuthSlotStatus['details']): AuthSlotStatus => ({
  slot_id: id,
  provider: 'generic',
  mode: 'opaque_secret',
  summary: '',
  version: 1,
  updated_at_ms: 0,
  details,
});

describe('health', () => {
  test('is well where nothing is wrong', () => {
    expect(healthView(facts())).toEqual({ generated_at_ms: 0, ok: true, warnings: [] });
  });

  test.each<[Partial<HealthFacts> | (() => Partial<HealthFacts>), string]>([
    [{ sandbox: { kind: 'none', reason: 'no bwrap' } }, 'warning sandbox_unavailable'],
    [{ routes: [] }, 'warning no_routes'],
    [
      { routes: [{ route_id: 'r', state: 'error', code: 'missing_secret', message: 'm' }] },
      'error missing_secret r',
    ],
    [
      { routes: [{ route_id: 'r', state: 'warning', code: 'c', message: 'm', action: 'a' }] },
      'warning c r',
    ],
    [
      { failure: new KheishError('storage/storage_unavailable', 'full') },
      'error storage_unavailable',
    ],
    [
      { ledgerFailure: new KheishError('audit/ledger_unavailable', 'no key') },
      'error ledger_unavailable',
    ],
    [() => ({ controlPlane: door({ enabled: false }) }), 'info auth_disabled'],
    [() => ({ controlPlane: door({ enabled: false, host: '10.0.0.7' }) }), 'error auth_disabled'],
    [() => ({ controlPlane: door() }), 'warning auth_no_admin_token'],
  ])('%#: %j', (more, line) => {
    const given = typeof more === 'function' ? more() : more;
    expect(told(given)).toEqual([line]);
    expect(healthView(facts(given)).ok).toBe(!line.startsWith('error'));
  });

  test('tells of token files that open nothing, worst first', () => {
    const same = { admin: file('a', 'x'), readonly: file('b', 'x') };
    expect(told({ controlPlane: door(same) })).toEqual([
      'error auth_duplicate_token',
      'warning auth_no_admin_token',
    ]);
    const empty = file('c', '');
    expect(told({ controlPlane: door({ active: ['admin'], readonly: empty }) })).toEqual([
      `error auth_token_file_unusable ${empty.file}`,
    ]);
  });

  test('tells a week before of tokens that end', () => {
    const tokens = [
      token('endless'),
      token('soon', 7 * DAY),
      token('later', 7 * DAY + 1),
      token('gone', 5, 'expired'),
      token('revoked', 5, 'revoked'),
    ];
    expect(told({ tokens })).toEqual(['warning token_expires_soon soon']);
  });

  test('tells of secrets that end or cannot be hidden, and of a missing key', () => {
    const now = 100 * DAY;
    const slots = [
      slot('endless', {}),
      slot('soon', { expires_at_ms: now + 14 * DAY }),
      slot('later', { expires_at_ms: now + 14 * DAY + 1 }),
      slot('gone', { expires_at_ms: now }),
      slot('short', { unredacted: true }),
    ];
    const lines = [
      'warning secret_expires_soon soon',
      'warning secret_expired gone',
      'warning secret_unredacted short',
    ];
    expect(told({ slots, nowMs: now, hasMasterKey: true })).toEqual(lines);
    expect(told({ slots, nowMs: now })).toEqual([...lines, 'warning master_key_missing']);
  });
});
