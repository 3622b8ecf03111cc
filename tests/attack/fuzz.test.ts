import { join } from 'node:path';
import { type Client, createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { type DaemonProcess, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { residentMegabytes } from '../harness/resident.ts';
import { SeededChance } from '../harness/seeded-chance.ts';
import { expectSound } from '../harness/soundness.ts';
import { until } from '../harness/until.ts';
import { ApiDocument, type ApiOperation, type DocumentText } from './openapi/api-document.ts';
import { OpenRequests } from './openapi/open-requests.ts';
import { type Known, requestFor } from './openapi/requests.ts';
import { once, oneOf } from './openapi/values.ts';
import { type RawAnswer, type RawRequest, Target, expectCivil } from './raw-http.ts';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 20_000);
const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now() % 2 ** 32);
const AT_A_TIME = 16;
/** One in so many of those that replay the whole journal, or leave nothing to ask for. */
const RARE: Readonly<Record<string, number>> = {
  verifyStore: 15,
  createBackup: 15,
  pruneRuns: 15,
  rekeySecrets: 15,
  endSession: 4,
  deleteSession: 4,
};

const canary = (what: string) => `canary-${what}-0a1b2c3d4e5f`;
const masterKey = Buffer.from('canary-master-key-0123456789abcd');
const tokens = { admin: canary('admin'), readonly: canary('readonly'), secret: canary('secret') };
const secrets = [
  ...Object.values(tokens),
  ...['environment', 'inline'].map(canary),
  masterKey.toString('base64'),
  masterKey.toString('latin1'),
];

/** What the answers were, by operation. */
class Tally {
  readonly #counts = new Map<string, { good: number; refused: number; codes: Set<string> }>();
  readonly statuses = new Map<number, number>();

  note({ id }: ApiOperation, { status, text }: RawAnswer): void {
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1);
    const count = this.#counts.get(id) ?? { good: 0, refused: 0, codes: new Set() };
    this.#counts.set(id, count);
    if (status < 300) count.good += 1;
    else count.refused += 1;
    const code = /"code":"(\w+)"/.exec(text)?.[1];
    if (status >= 400 && code !== undefined) count.codes.add(code);
  }

  of({ id }: ApiOperation): { good: number; refused: number; codes: number } {
    const { good = 0, refused = 0, codes } = this.#counts.get(id) ?? {};
    return { good, refused, codes: codes?.size ?? 0 };
  }

  get total(): number {
    return [...this.statuses.values()].reduce((sum, count) => sum + count, 0);
  }
}

/** Ids and cursors of an answer, for later requests. */
function learn(known: Known, text: string): void {
  for (const [, name = '', value = ''] of text.matchAll(
    /"(session_id|run_id|slot_id|token_id|backup_id|next_cursor)":"([^"\\]+)"/g,
  )) {
    const list =
      known[name === 'slot_id' ? 'secret_ref' : name === 'next_cursor' ? 'cursor' : name];
    if (list !== undefined && list.at(-1) !== value) list.push(value);
    if (list !== undefined && list.length > 400) list.splice(0, 200);
  }
}

function expectNoLeak(text: string, about: unknown, stateRoot: string): void {
  const leaked = secrets.filter((secret) => text.includes(secret));
  // The root's own path is what these are there to tell.
  const tellsIt = /"(state_root|co_located|key_file)":/.test(text);
  const named = text.includes(stateRoot) && !tellsIt;
  if (leaked.length > 0 || named)
    expect.fail(`${JSON.stringify(about)} told ${leaked.join()}: ${text}`);
}

interface Fuzz {
  readonly document: ApiDocument;
  readonly target: Target;
  readonly tally: Tally;
  readonly known: Known;
  readonly open: OpenRequests;
  readonly stateRoot: string;
}

async function send(fuzz: Fuzz, operation: ApiOperation, asked: RawRequest): Promise<void> {
  const { document, target, tally, known, open, stateRoot } = fuzz;
  const answer = await target.ask(asked);
  const about = { seed: SEED, asked };
  expectNoLeak(answer.head, about, stateRoot);
  expectNoLeak(answer.text, about, stateRoot);
  const { method = 'GET' } = asked;
  if (method === 'HEAD' || (method === 'OPTIONS' && answer.status === 204)) return;
  expectCivil(answer, about);
  // Dot segments are taken out of a path (RFC 3986 section 5.2.4): it may be another operation's then.
  const isOther = method !== operation.method || asked.path.includes('/../');
  if (isOther && answer.status < 400) return;
  const objection = document.objection(operation, answer);
  if (objection !== undefined)
    expect.fail(`${JSON.stringify(about).slice(0, 900)}: ${objection}: ${answer.text}`);
  if (method === operation.method) tally.note(operation, answer);
  if (answer.status < 300 && !operation.isStream) {
    learn(known, answer.text);
    open.learn(answer.text);
  }
}

/** A session that borrowed a credential, and what it got: a subject and leases to ask for. */
async function borrowed({ url }: DaemonProcess): Promise<Known> {
  const sdk = createClient({ baseUrl: url, token: tokens.admin });
  const { session_id: id } = await sdk.sessions.create({ session_id: 'borrower' });
  const { run_id: run } = await sdk.sessions.submit(id, { content: 'hello', provider: 'inline' });
  const subject = `session:${id}`;
  const leases = await until('a lease', async () => {
    const status = await sdk.runtime.auth.subject(subject).catch(() => undefined);
    const ids = status?.active_route_lease_ids ?? [];
    return ids.length === 0 ? undefined : ids;
  });
  await sdk.runs.cancel(run);
  return { subject_id: [subject], lease_id: [...leases] };
}

/** Nobody answers any more: what waits for a person is cancelled, and what waits behind it begins. */
async function cancelAll(sdk: Client): Promise<void> {
  const waiting = new Set<string>();
  for await (const { run_id } of sdk.approvals.list()) waiting.add(run_id);
  for await (const { run_id } of sdk.questions.list()) waiting.add(run_id);
  for (const runId of waiting) await sdk.runs.cancel(runId).catch(() => undefined);
}

/** Every frame from the floor on, where sessions have left, fits the document and tells nothing. */
async function expectCleanStream(
  fuzz: Fuzz,
  daemon: DaemonProcess,
  floor: number,
  head: number,
): Promise<void> {
  const operation = fuzz.document.operations.find(({ id }) => id === 'streamEvents');
  if (operation === undefined) return expect.fail('the document has no streamEvents');
  const headers = { authorization: `Bearer ${tokens.admin}` };
  const leave = new AbortController();
  const response = await fetch(`${daemon.url}/v1/events/stream?cursor=0`, {
    headers,
    signal: leave.signal,
  });
  let rest = '';
  let events = 0;
  let last = 0;
  for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    const blocks = (rest + piece).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      expectNoLeak(data, 'stream', fuzz.stateRoot);
      expect(fuzz.document.objectionToFrame(operation, data), data).toBeUndefined();
      last = Number(/^id: (\d+)$/m.exec(block)?.[1] ?? last);
      if (last > floor) events += 1;
    }
    if (last >= head) break;
  }
  leave.abort();
  expect(head).toBeGreaterThan(REQUESTS / 10);
  expect(events).toBe(head - floor);
}

test(`${REQUESTS} requests made from the OpenAPI document break nothing and learn nothing [holds api.hostile_input]`, async () => {
  using box = sandbox();
  await using daemon = await startDaemon({
    sandbox: box,
    routesFile: box.file(
      'routes.toml',
      `version = 1
default_route = "scripted"
[routes.scripted]
driver = "scripted"
[routes.inline]
driver = "openai_compatible"
base_url = "http://127.0.0.1:1/v1"
default_model = "none"
api_key = "${canary('inline')}"
`,
    ),
    args: [
      '--http-admin-token',
      tokens.admin,
      '--http-readonly-token',
      tokens.readonly,
      '--backup-dir',
      join(box.directory, 'backups'),
    ],
    env: {
      KHEISH_AUTH_STORE_MASTER_KEY: masterKey.toString('base64'),
      FUZZ_CANARY: canary('environment'),
    },
  });
  console.log(`fuzz: FUZZ_SEED=${SEED} FUZZ_REQUESTS=${REQUESTS}`);
  using target = new Target(daemon.url);
  const authorization = `Bearer ${tokens.admin}`;
  const told = await target.ask({ path: '/v1/openapi.json', headers: { authorization } });
  const document = new ApiDocument(JSON.parse(told.text) as DocumentText);
  const slots: string[] = [];
  const fuzz: Fuzz = {
    document,
    target,
    tally: new Tally(),
    known: {
      session_id: [],
      run_id: [],
      secret_ref: slots,
      slot_id: slots,
      token_id: [],
      backup_id: [],
      entry: ['0', '1', '2'],
      cursor: [],
      ...(await borrowed(daemon)),
    },
    open: new OpenRequests(),
    stateRoot: box.stateRoot,
  };
  const submit = document.operations.filter(({ id }) => id === 'submitInput');
  const weighted = [...document.operations, ...submit, ...submit, ...submit, ...submit];

  let left = REQUESTS;
  const client = async (_: unknown, index: number) => {
    const chance = new SeededChance(SEED + index);
    while (left > 0) {
      const operation = oneOf(chance, weighted);
      if (!once(chance, RARE[operation.id] ?? 1)) continue;
      left -= 1;
      const fitting = once(chance, 2)
        ? fuzz.open.requestFor(operation.id, { authorization }, chance)
        : undefined;
      const asked = fitting ?? requestFor(document, operation, fuzz.known, tokens, chance);
      await send(fuzz, operation, asked);
    }
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: AT_A_TIME }, client));
  const { tally } = fuzz;
  console.log(
    `fuzz: ${tally.total} answers judged in ${Math.round(performance.now() - began)} ms`,
    Object.fromEntries(tally.statuses),
    `${Math.round(residentMegabytes(daemon.pid))} MB`,
  );

  // Fewer requests, to look for one failure, need not reach everything.
  for (const operation of REQUESTS < 10_000 ? [] : document.operations) {
    const { good, refused, codes } = tally.of(operation);
    expect(good, operation.id).toBeGreaterThan(0);
    // Of the rarest there are too few to count on.
    if ((RARE[operation.id] ?? 1) > 10) continue;
    expect(refused, operation.id).toBeGreaterThan(2);
    expect(codes, operation.id).toBeGreaterThan(1);
  }
  const sdk = createClient({ baseUrl: daemon.url, token: tokens.admin });
  const { newest_event_id: head, floor_event_id: floor } = await until(
    'an idle daemon',
    async () => {
      const { runs, events } = await sdk.status();
      const { waiting_for_approval: approval, waiting_for_user_question: question } = runs;
      if (approval + question > 0) await cancelAll(sdk);
      return runs.queued + runs.running + approval + question === 0 ? events : undefined;
    },
  );
  await expectCleanStream(fuzz, daemon, Number(floor), Number(head));
  await expectSound(sdk);
  expect(daemon.alive).toBe(true);
  expect(target.retries).toBeLessThan(20);
  expect(daemon.log).not.toContain('"level":50');
  expectNoLeak(daemon.log, 'log', box.stateRoot);
  expect(residentMegabytes(daemon.pid)).toBeLessThan(300);
}, 300_000);
