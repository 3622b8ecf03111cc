import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { type Sandbox, launchDaemon, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { at, expectRefusal, runKheish } from '../harness/kheish-command.ts';

/** A run of the session, from its submission to its end. */
async function say(url: string): Promise<void> {
  const client = createClient({ baseUrl: url });
  const { run_id: runId } = await client.sessions.submit('s', 'hello');
  await client.runs.wait(runId);
}

async function verify(...args: string[]) {
  const { code, stdout, stderr } = await runKheish([
    '--output',
    'json',
    'audit',
    'verify',
    ...args,
  ]);
  const codes = stdout === '' ? [] : [...stdout.matchAll(/"code":"(\w+)"/g)].map(([, one]) => one);
  return { code, codes, stderr };
}

const offline = (box: Sandbox) => ['--offline', '--state-root', box.stateRoot];

test('after a kill the record is whole, and is verified without the daemon; against what was saved elsewhere a rollback and a foreign key are found [holds audit.offline_verify] [holds audit.saved_checkpoint]', async () => {
  using box = sandbox();
  const [file, saved] = [join(box.directory, 'all.jsonl'), join(box.directory, 'saved.json')];
  let publicKey = '';
  {
    await using daemon = await startDaemon({ sandbox: box });
    await createClient({ baseUrl: daemon.url }).sessions.create({ session_id: 's' });
    await say(daemon.url);
    await daemon.stop();
  }
  cpSync(box.stateRoot, join(box.directory, 'old'), { recursive: true });
  {
    await using daemon = await startDaemon({ sandbox: box });
    await say(daemon.url);
    const checkpoint = await runKheish(['audit', 'checkpoint'], { env: at(daemon) });
    writeFileSync(saved, checkpoint.stdout);
    publicKey = (await createClient({ baseUrl: daemon.url }).audit.status()).key.key_id;
    await say(daemon.url);
    await daemon.kill();
  }
  expect((await runKheish(['audit', 'export', ...offline(box), '--out', file])).code).toBe(0);
  const known = ['--public-key', publicKey, '--checkpoint', saved];
  expect(await verify(file, ...known)).toMatchObject({
    code: 0,
    codes: expect.arrayContaining(['append_only', 'complete', 'signatures_hold', 'known_key']),
  });
  expect(await verify(...offline(box), ...known)).toMatchObject({ code: 0 });
  expect(await verify(file, '--public-key', 'ab'.repeat(32))).toMatchObject({
    code: 1,
    codes: expect.arrayContaining(['other_key']),
  });
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('"outcome":"ok"', '"outcome":"no"'));
  expect(await verify(file)).toMatchObject({ code: 1 });

  // The root as it was before the checkpoint.
  rmSync(box.stateRoot, { recursive: true });
  cpSync(join(box.directory, 'old'), box.stateRoot, { recursive: true });
  expect(await verify(...offline(box))).toMatchObject({ code: 0 });
  expect(await verify(...offline(box), ...known)).toMatchObject({
    code: 1,
    codes: expect.arrayContaining(['rolled_back']),
  });
});

test('without its key a root with entries does not start; with a mark it can begin anew [holds audit.key_needed]', async () => {
  using box = sandbox();
  {
    await using daemon = await startDaemon({ sandbox: box });
    await createClient({ baseUrl: daemon.url }).sessions.create({ session_id: 's' });
    await say(daemon.url);
    await daemon.stop();
  }
  const moved = join(box.directory, 'signing.key');
  const relocate = await runKheish(['audit', 'relocate-key', ...offline(box), '--to', moved]);
  const { key_id: keyId } = JSON.parse(relocate.stdout) as { key_id: string };
  const { child, ready } = launchDaemon({ sandbox: box });
  await expect(ready).rejects.toThrow(keyId);
  expect(child.exitCode).toBe(6);
  const env = { KHEISH_EXTERNAL_ACTION_AUDIT_SIGNING_KEY_FILE: moved };
  {
    await using daemon = await startDaemon({ sandbox: box, env });
    expect(daemon.log).not.toContain('lies beside it');
    expect(
      daemon.log + JSON.stringify(await createClient({ baseUrl: daemon.url }).status()),
    ).not.toContain(
      (JSON.parse(readFileSync(moved, 'utf8')) as { secret_key_hex: string }).secret_key_hex,
    );
    await say(daemon.url);
    await daemon.stop();
  }
  const lost = await runKheish(['audit', 'rotate-key', '--lost-key', ...offline(box)]);
  expect(JSON.parse(lost.stdout)).toMatchObject({ old_key_id: keyId, continuity: 'lost' });
  expectRefusal(
    await runKheish(['audit', 'export', ...offline(box), '--out', join(box.directory, 'x')], {
      env,
    }),
    6,
    /audit/,
  );
  expect(await verify(...offline(box))).toMatchObject({
    code: 0,
    codes: expect.arrayContaining(['key_lost', 'self_attested', 'key_co_located']),
  });
});
