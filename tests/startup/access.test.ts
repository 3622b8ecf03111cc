import { rmSync, writeFileSync } from 'node:fs';
import { type IncomingHttpHeaders, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { type Sandbox, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';

const admin = 'admin-token-canary-1';
const reader = 'reader-token-canary-2';

function serve(box: Sandbox, ...more: string[]) {
  const roots = ['--state-root', box.stateRoot, '--workspace-root', box.workspaceRoot];
  return runKheish(['serve', '--bind', '127.0.0.1:0', ...roots, ...more]);
}

/** A request whose headers are sent as they stand here. */
async function raw(
  url: string,
  path: string,
  sent: Record<string, string>,
  method = 'GET',
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Record<string, unknown> }> {
  const { promise, resolve, reject } = Promise.withResolvers<Awaited<ReturnType<typeof raw>>>();
  const asked = request(`${url}${path}`, { headers: sent, method, agent: false }, (answer) => {
    text(answer).then((body) => {
      const { statusCode: status = 0, headers } = answer;
      resolve({ status, headers, body: body.startsWith('{') ? JSON.parse(body) : {} });
    }, reject);
  });
  asked.on('error', reject).end();
  return promise;
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('a configuration that would leave the API open by accident', () => {
  it.each([
    [
      'a bind beyond loopback without an admin token',
      ['--bind', '0.0.0.0:0'],
      'lets other machines in: give --http-admin-token',
    ],
    ['the same by IPv6', ['--bind', '[::]:0'], 'lets other machines in'],
    ['the same by name', ['--bind', 'example.org:0'], 'lets other machines in'],
    [
      'no authentication beyond loopback',
      ['--bind', '0.0.0.0:0', '--http-auth-mode', 'none', '--http-admin-token', admin],
      '--http-auth-mode none is for loopback only',
    ],
    ['bearer without a token', ['--http-auth-mode', 'bearer'], 'bearer needs --http-admin-token'],
    [
      'a read-only token alone',
      ['--http-readonly-token', reader],
      'A read-only token needs an admin token',
    ],
    [
      'one token for both',
      ['--http-admin-token', admin, '--http-readonly-token', admin],
      'must differ',
    ],
    ['a blank token', ['--http-admin-token', ' '], 'not blank'],
    [
      'a token file that is not there',
      ['--http-admin-token-file', '/dev/null/none'],
      'The token file /dev/null/none cannot be read',
    ],
    ['an empty token file', ['--http-admin-token-file', '/dev/null'], 'or is empty'],
    [
      'a token in two ways',
      ['--http-admin-token', admin, '--http-admin-token-file', '/dev/null'],
      'either --http-admin-token or --http-admin-token-file',
    ],
    [
      'a page of another machine',
      ['--http-cors-allow-origin', 'http://localhost:1,http://127.0.0.1.example.com'],
      '--http-cors-allow-origin "http://127.0.0.1.example.com" is not the exact origin',
    ],
    ['a bind that is none', ['--bind', 'localhost'], '--bind "localhost" is not host:port'],
  ])('is refused: %s [holds access.never_open_by_accident]', async (_, flags, says) => {
    using box = sandbox();
    expectRefusal(await serve(box, ...flags), 2, says, admin, reader);
  });
});

describe('tokens', () => {
  it('let the admin act and the reader read, in both forms of a token [holds access.two_tokens, probes.open]', async () => {
    using box = sandbox();
    const adminFile = box.file('admin.token', `${admin}\n`);
    await using daemon = await startDaemon({
      sandbox: box,
      args: ['--http-admin-token-file', adminFile],
      env: { KHEISH_DAEMON_READONLY_TOKEN: reader },
    });
    const env = at(daemon);
    const asReader = { env: { ...env, KHEISH_DAEMON_TOKEN: reader } };
    expectRefusal(
      await runKheish(['status'], { env }),
      4,
      'daemon returned 401 (auth/missing_token)',
    );
    const wrong = await runKheish(['--token', 'wrong-canary', 'status'], { env });
    expectRefusal(wrong, 4, 'daemon returned 401 (auth/invalid_token)', 'wrong-canary');
    const status = await jsonOf<{ control_plane: object }>(['status'], asReader);
    expect(status.control_plane).toMatchObject({
      auth_enabled: true,
      read_only_token_enabled: true,
    });
    const denied = await runKheish(['sessions', 'create', 'demo'], asReader);
    expectRefusal(denied, 4, 'daemon returned 403 (auth/insufficient_access)');
    const create = ['--token-file', adminFile, 'sessions', 'create', 'demo'];
    expect(await jsonOf(create, { env })).toMatchObject({ session_id: 'demo' });
    for (const path of ['/healthz', '/readyz']) {
      expect(await raw(daemon.url, path, {})).toMatchObject({ status: 200 });
    }
    expect(daemon.log).not.toContain(admin);
    expect(daemon.log).not.toContain(reader);
  });

  it('are rotated by rewriting their file, and fail closed without it [holds access.token_rotation]', async () => {
    using box = sandbox();
    const [adminFile, readerFile] = [box.file('admin', admin), box.file('reader', reader)];
    const args = ['--http-admin-token-file', adminFile, '--http-readonly-token-file', readerFile];
    await using daemon = await startDaemon({ sandbox: box, args });
    const statusWith = async (token: string) =>
      (await raw(daemon.url, '/v1/status', bearer(token))).status;
    expect(await statusWith(admin)).toBe(200);
    writeFileSync(adminFile, 'rotated-token-canary\n');
    expect(await statusWith(admin)).toBe(401);
    expect(await statusWith('rotated-token-canary')).toBe(200);
    // Were the two alike, a reader would be an admin.
    writeFileSync(readerFile, 'rotated-token-canary\n');
    expect(await statusWith('rotated-token-canary')).toBe(401);
    rmSync(readerFile);
    expect(await statusWith('rotated-token-canary')).toBe(200);
    rmSync(adminFile);
    expect(await statusWith('rotated-token-canary')).toBe(401);
    expect(await statusWith('')).toBe(401);
  });
});

describe('Host and Origin', () => {
  it('are checked on every request to a loopback daemon [holds access.host_and_origin]', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const { url } = daemon;
    for (const host of ['evil.example', 'localhost.evil.example', '127.0.0.1.evil.example']) {
      for (const path of ['/v1/status', '/v1/events/stream', '/healthz', '/nowhere']) {
        const refused = await raw(url, path, { host });
        expect([host, path, refused.status]).toEqual([host, path, 421]);
        expect(refused.body).toMatchObject({ domain: 'api', code: 'host_not_allowed' });
        expect(refused.headers['content-type']).toBe('application/problem+json');
      }
    }
    for (const origin of ['https://evil.example', 'null', 'http://localhost.evil.example']) {
      for (const method of ['GET', 'POST', 'OPTIONS']) {
        const refused = await raw(url, '/v1/sessions', { origin }, method);
        expect([origin, method, refused.status]).toEqual([origin, method, 403]);
        expect(refused.body).toMatchObject({ domain: 'cors', code: 'origin_not_allowed' });
        expect(refused.headers['access-control-allow-origin']).toBeUndefined();
      }
    }
    const port = new URL(url).port;
    expect(await raw(url, '/v1/status', { host: `localhost:${port}` })).toMatchObject({
      status: 200,
    });
    const origin = 'http://localhost:5173';
    const allowed = await raw(url, '/v1/status', { origin });
    expect(allowed.headers['access-control-allow-origin']).toBe(origin);
  });

  it('of pages can be narrowed to exact ones of this machine [holds access.exact_origins]', async () => {
    using box = sandbox();
    const mine = 'http://localhost:5173';
    const args = ['--http-cors-allow-origin', `${mine},https://[::1]:8443`];
    await using daemon = await startDaemon({ sandbox: box, args });
    const asked = { 'access-control-request-headers': 'x-kheish-daemon-token' };
    const preflight = (origin: string) =>
      raw(daemon.url, '/v1/status', { origin, ...asked }, 'OPTIONS');
    const { status, headers } = await preflight(mine);
    expect([status, headers['access-control-allow-origin']]).toEqual([204, mine]);
    expect(headers['access-control-allow-headers']).toContain(
      'x-kheish-daemon-token,x-kheish-daemon-url',
    );
    expect((await preflight('https://[::1]:8443')).status).toBe(204);
    for (const origin of ['http://localhost', 'http://localhost:5174', 'https://localhost:5173']) {
      expect([origin, (await preflight(origin)).status]).toEqual([origin, 403]);
    }
    const { body } = await raw(daemon.url, '/v1/status', {});
    expect(body['control_plane']).toMatchObject({
      cors_policy: 'exact',
      cors_allowed_origin_count: 2,
    });
  });
});
