import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  type ApiTokenView,
  type AuthFailure,
  type CreatedToken,
  createClient,
} from '@kheish/client-sdk';
import { describe, expect, it } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { openStream } from '../harness/event-stream.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { until } from '../harness/until.ts';

const create = (name: string, role: string, ...more: string[]) => [
  'tokens',
  'create',
  '--name',
  name,
  '--role',
  role,
  ...more,
];

function statusOf(daemon: DaemonProcess, token?: string, path = '/v1/status'): Promise<number> {
  const headers: Record<string, string> =
    token === undefined ? {} : { authorization: `Bearer ${token}` };
  return fetch(`${daemon.url}${path}`, { headers }).then((answer) => answer.status);
}

const clientOf = ({ url }: DaemonProcess, token: string) => createClient({ baseUrl: url, token });

describe('named tokens', () => {
  it('close an open daemon with the first, which is an admin, and cut the streams of nobody [holds tokens.first_closes]', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const env = at(daemon);
    using open = await openStream(`${daemon.url}/v1/events/stream`);
    const early = await runKheish(create('ci', 'operator'), { env });
    expectRefusal(early, 6, 'Make an admin token first');
    expect(await statusOf(daemon)).toBe(200);

    const { token, ...view } = await jsonOf<CreatedToken>(create('me', 'admin'), { env });
    expect(view).toMatchObject({
      name: 'me',
      role: 'admin',
      status: 'active',
      created_by: 'admin',
    });
    await open.ended();
    expect(await statusOf(daemon)).toBe(401);
    expect(await statusOf(daemon, token)).toBe(200);
    const status = await clientOf(daemon, token).status();
    expect(status.control_plane.auth_enabled).toBe(true);
    // Were it open again without a token that counts, the end of the last would let everybody in.
    await clientOf(daemon, token).tokens.revoke(view.token_id);
    expect([await statusOf(daemon), await statusOf(daemon, token)]).toEqual([401, 401]);
    await daemon.kill();
    await using second = await startDaemon({ sandbox: box });
    expect([await statusOf(second), await statusOf(second, token)]).toEqual([401, 401]);
  });

  it('do what their role says, until they are revoked: at once, in streams, and through kill -9 [holds tokens.revoked_at_once]', async () => {
    using box = sandbox();
    const offline = ['--offline', '--state-root', box.stateRoot];
    const { token: admin } = await jsonOf<CreatedToken>(create('root', 'admin', ...offline));
    await using daemon = await startDaemon({ sandbox: box });
    const { tokens } = clientOf(daemon, admin);
    const made = async (role: CreatedToken['role']) => tokens.create({ name: role, role });
    const [operator, reader, ingress] = await Promise.all([
      made('operator'),
      made('readonly'),
      made('ingress'),
    ]);
    const at403 = { status: 403 };
    await clientOf(daemon, operator.token).sessions.create({ session_id: 's' });
    for (const { token } of [operator, reader]) {
      const client = clientOf(daemon, token);
      expect((await client.sessions.get('s')).session_id).toBe('s');
      await expect(client.tokens.list()).rejects.toMatchObject(at403);
      await expect(client.secrets.list()).rejects.toMatchObject(at403);
      await expect(client.runtime.setPermissionMode('plan')).rejects.toMatchObject(at403);
    }
    await expect(clientOf(daemon, reader.token).sessions.end('s')).rejects.toMatchObject(at403);
    const run = await clientOf(daemon, operator.token).sessions.submit('s', 'hello');
    expect(run.request.actor_id).toBe(`token:${operator.token_id}`);
    await clientOf(daemon, admin).runs.wait(run.run_id);
    expect(await statusOf(daemon, ingress.token)).toBe(403);

    const headers = { authorization: `Bearer ${operator.token}` };
    using stream = await openStream(`${daemon.url}/v1/events/stream`, undefined, headers);
    using other = await openStream(`${daemon.url}/v1/events/stream`, undefined, {
      authorization: `Bearer ${reader.token}`,
    });
    const revoked = await tokens.revoke(operator.token_id);
    expect(revoked.status).toBe('revoked');
    const seen = stream.durable.length;
    await clientOf(daemon, admin).sessions.create({ session_id: 'after' });
    await other.event('session_created');
    await stream.ended();
    expect(stream.durable.length).toBeLessThanOrEqual(seen + 1);
    expect(stream.events.map(({ type }) => type)).not.toContain('session_created');
    expect(await statusOf(daemon, operator.token)).toBe(401);

    await daemon.kill();
    const listed = await jsonOf<ApiTokenView[]>(['tokens', 'list', ...offline]);
    expect(listed.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'root active',
      'operator revoked',
      'readonly active',
      'ingress active',
    ]);
    await using second = await startDaemon({ sandbox: box });
    expect(await statusOf(second, operator.token)).toBe(401);
    expect(await statusOf(second, reader.token)).toBe(200);
    expect((await clientOf(second, admin).store.verify()).findings).toEqual([]);
    await second.stop();
    for (const { token } of [{ token: admin }, operator, reader, ingress]) {
      const secret = token.slice(37, 80);
      expect(`${daemon.log}${second.log}`).not.toContain(secret);
      for (const file of readdirSync(box.stateRoot)) {
        const bytes = readFileSync(join(box.stateRoot, file), 'latin1');
        expect([file, bytes.includes(secret)]).toEqual([file, false]);
      }
    }
  });

  it('are made offline by whoever is locked out, and end at their time [holds tokens.offline]', async () => {
    using box = sandbox();
    const bearer = ['--http-auth-mode', 'bearer'];
    const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
    const without = await runKheish(['serve', '--bind', '127.0.0.1:0', ...roots, ...bearer]);
    expectRefusal(without, 2, 'kheish tokens create --offline --role admin');
    const offline = ['--offline', '--state-root', box.stateRoot];
    const first = await jsonOf<CreatedToken>(create('first', 'admin', ...offline));
    expect(first.created_by).toBe('offline');

    await using daemon = await startDaemon({ sandbox: box, args: bearer });
    const { tokens } = clientOf(daemon, first.token);
    const short = await tokens.create({ name: 'short', role: 'readonly', expires_in_ms: 300 });
    await until('the end of a token', async () =>
      (await statusOf(daemon, short.token)) === 401 ? true : undefined,
    );
    expect(Date.now()).toBeGreaterThanOrEqual(short.expires_at_ms ?? Infinity);
  });

  it('and who is not let in are on record, without what was presented [holds access.failures_recorded]', async () => {
    using box = sandbox();
    const admin = 'admin-token-canary-1';
    const args = ['--http-admin-token', admin];
    await using daemon = await startDaemon({ sandbox: box, args });
    const { token, token_id: id } = await clientOf(daemon, admin).tokens.create({
      name: 'r',
      role: 'readonly',
    });
    const wrong = 'wrong-token-canary';
    expect(await statusOf(daemon, wrong, `/v1/runs/${wrong}?token=${wrong}`)).toBe(401);
    expect(await statusOf(daemon, undefined, '/v1/none')).toBe(401);
    expect(await statusOf(daemon, token, '/v1/tokens')).toBe(403);
    const page = { origin: 'https://evil.example' };
    expect((await fetch(`${daemon.url}/v1/status`, { headers: page })).status).toBe(403);
    for (let n = 0; n < 70; n += 1) await statusOf(daemon);
    await daemon.stop();

    await using second = await startDaemon({ sandbox: box, args });
    const env = { ...at(second), KHEISH_DAEMON_TOKEN: admin };
    const failures = await jsonOf<AuthFailure[]>(['tokens', 'failures'], { env });
    const told = failures.toReversed();
    const from = { timestamp_ms: expect.any(Number), method: 'GET', remote_addr: '127.0.0.1' };
    expect(told.slice(0, 4)).toEqual([
      {
        ...from,
        event: 'auth_failure',
        path: '/v1/runs/[redacted]',
        reason: 'invalid_token',
        required_access: 'read',
      },
      {
        ...from,
        event: 'auth_failure',
        path: '/v1/none',
        reason: 'missing_token',
        required_access: 'admin',
      },
      {
        ...from,
        event: 'auth_failure',
        path: '/v1/tokens',
        reason: 'insufficient_access',
        required_access: 'admin',
        token_id: id,
      },
      {
        ...from,
        event: 'cors_origin_rejected',
        path: '/v1/status',
        reason: 'origin_not_allowed',
        ...page,
      },
    ]);
    const missing = told.filter(({ reason }) => reason === 'missing_token');
    expect(missing.map(({ event }) => event)).toEqual([
      ...Array.from({ length: 60 }, () => 'auth_failure'),
      'auth_rate_limited',
    ]);
    const bytes = readFileSync(join(box.stateRoot, 'kheish.db'), 'latin1');
    expect(`${daemon.log}${second.log}${bytes}`).not.toContain(wrong);
  });
});
