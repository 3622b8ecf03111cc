import { readFileSync } from 'node:fs';
import { createClient } from '@kheish/client-sdk';
import { type Operation, operations } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { oneOf, valueFor } from './fuzz-values.ts';
import { type RawRequest, Target, expectCivil } from './raw-http.ts';

const REQUESTS = 4_000;
const AT_A_TIME = 8;
/** Replays the whole journal, or leaves nothing to ask for. */
const rare = new Set<Operation>([
  operations.verifyStore,
  operations.endSession,
  operations.deleteSession,
]);
const all = Object.values(operations) as readonly Operation[];
const ids = ['a', 'b', 'c', 'd', 'e', 'missing', '..', '%00', '😀', 'x'.repeat(300)];
const numbers = ['0', '1', '7', '99', '-1', 'x', '', '1e9', 'MQ', '99999999999999999999'];

/** What the daemon has told of so far: ids that exist, or did. */
interface Known {
  readonly sessions: string[];
  readonly runs: string[];
}

function request(operation: Operation, known: Known, chance: SeededChance): RawRequest {
  const path = operation.path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => {
    const real = name === 'run_id' ? known.runs : name === 'session_id' ? known.sessions : [];
    const takesReal = real.length > 0 && chance.between(1, 4) > 1;
    return encodeURIComponent(oneOf(chance, takesReal ? real.slice(-20) : ids));
  });
  const query = Object.keys(operation.query ?? {})
    .filter(() => chance.between(1, 3) === 1)
    .map((name) => `${name}=${encodeURIComponent(oneOf(chance, [...numbers, ...ids]))}`);
  if (chance.between(1, 40) === 1) query.push('surprise=1');
  const headers: Record<string, string> = {};
  if (chance.between(1, 10) === 1) headers['idempotency-key'] = oneOf(chance, ['k1', 'k2', ' ']);
  if (chance.between(1, 20) === 1) headers['last-event-id'] = oneOf(chance, numbers);
  const bodied = operation.body !== undefined || chance.between(1, 20) === 1;
  const value = operation.body === undefined ? {} : valueFor(operation.body, chance);
  if (bodied) headers['content-type'] = 'application/json';
  return {
    method: operation.method,
    path: `${path}${query.length > 0 ? `?${query.join('&')}` : ''}`,
    headers,
    ...(bodied && { body: JSON.stringify(value) }),
    headOnly: operation.response === 'event-stream',
  };
}

function residentMegabytes(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1] ?? 0) / 1_024;
}

test('no request that fits or nearly fits an operation breaks the daemon', async () => {
  using box = sandbox();
  const canary = 'canary-master-key-is-not-this';
  await using daemon = await startDaemon({
    sandbox: box,
    env: { KHEISH_AUTH_STORE_MASTER_KEY: Buffer.alloc(32, 7).toString('base64') },
  });
  using target = new Target(daemon.url);
  const chance = new SeededChance(crashSeed());
  console.log(`fuzz: CRASH_SEED=${chance.seed}`);
  for (const id of ids.slice(0, 5)) await target.json('POST', '/v1/sessions', { session_id: id });
  await target.json('POST', '/v1/runtime/secrets', {
    slot_id: 'a',
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value: canary },
  });

  const known: Known = { sessions: ids.slice(0, 5), runs: [] };
  const statuses = new Map<number, number>();
  let left = REQUESTS;
  const client = async () => {
    while (left-- > 0) {
      const operation = oneOf(chance, all);
      if (rare.has(operation) && chance.between(1, 5) > 1) continue;
      const asked = request(operation, known, chance);
      const answer = await target.ask(asked);
      expectCivil(answer, { seed: chance.seed, asked });
      expect(answer.text).not.toContain(canary);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const told = answer.status === 202 ? 'run_id' : answer.status === 201 ? 'session_id' : '';
      const id = new RegExp(`"${told}":"([^"]+)"`).exec(answer.text)?.[1];
      if (id !== undefined) (told === 'run_id' ? known.runs : known.sessions).push(id);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, client));
  console.log('fuzz: answers by status', Object.fromEntries(statuses));

  for (const status of [200, 201, 202, 400, 404])
    expect(statuses.get(status) ?? 0).toBeGreaterThan(10);
  const sdk = createClient({ baseUrl: daemon.url });
  await until('an idle daemon', async () => {
    const { queued, running } = (await sdk.status()).runs;
    return queued + running === 0 ? true : undefined;
  });
  await expectSound(sdk);
  expect(daemon.alive).toBe(true);
  expect(daemon.log).not.toContain('"level":50');
  expect(daemon.log).not.toContain(canary);
  expect(residentMegabytes(daemon.pid)).toBeLessThan(400);
}, 120_000);
