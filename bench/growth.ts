import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { type Sandbox, sandbox } from '../tests/harness/daemon-process.ts';
import { type RootSize, eventsOf, makeLargeRoot } from '../tests/harness/large-root.ts';
import { cpuMs, logMb, residentMb, startBenchDaemon } from './bench-daemon.ts';
import { EventReader } from './event-reader.ts';
import { type Figure, markdown, median, percentile } from './figures.ts';
import { HttpClient } from './http-client.ts';
import { startProvider } from './provider.ts';
import { Talk, directCall, plainInput, throughput } from './turns.ts';

// What grows with the content of a state root. `--sessions N` makes another large root than that of 100,000 sessions
// and 1 million events; `--root DIR` makes it there, and takes it from there the next time.

const { values } = parseArgs({
  options: { sessions: { type: 'string', default: '100000' }, root: { type: 'string' } },
});
const large = sized(Number(values.sessions));

function sized(sessions: number): RootSize {
  return { sessions, runs: Math.round(sessions * 1.8) };
}

const provider = await startProvider();
const figures: Figure[] = [];
const note = (name: string, value: string, after: string) => {
  figures.push({ name, value, goal: '', after });
  process.stderr.write(`${name}: ${value}\n`);
};
const ms = (value: number) => `${value.toFixed(value < 10 ? 1 : 0)} ms`;
const spread = (samples: readonly number[]) =>
  `${ms(median(samples))} (p99 ${ms(percentile(samples, 0.99))})`;
const words = ({ sessions }: RootSize) => `${sessions.toLocaleString('en')} sessions`;

async function timed(count: number, once: () => Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  for (let done = 0; done < count; done += 1) {
    const from = performance.now();
    await once();
    samples.push(performance.now() - from);
  }
  return samples;
}

async function startUp(box: Sandbox, name: string): Promise<void> {
  const samples = await timed(7, async () => {
    await using daemon = await startBenchDaemon(box, provider.url);
    await daemon.stop();
  });
  note(`start and stop, p50, ${name}`, ms(median(samples)), '7 starts');
}

/** Pairs of a turn and a direct call, so that both meet the same noise. */
async function turns(url: string, pid: number, name: string): Promise<void> {
  const talks = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  await throughput(talks, plainInput, 400);
  const before = cpuMs(pid);
  const perSecond = await throughput(talks, plainInput, 600);
  const cpu = (cpuMs(pid) - before) / 600;
  note(
    `turn, 16 sessions, ${name}`,
    `${Math.round(perSecond)}/s, ${cpu.toFixed(1)} ms of CPU each`,
    '400 turns; 600 turns',
  );
  const talk = await Talk.open(url);
  const client = new HttpClient(provider.url);
  const added: number[] = [];
  for (let pair = 0; pair < 100; pair += 1) {
    const direct = await directCall(client, 1);
    added.push((await talk.turn(plainInput)).ms - direct);
  }
  note(`turn, one client, added p50, ${name}`, ms(median(added)), '1,000 turns; 100 pairs');
}

async function turnsOnRoot(size: RootSize): Promise<void> {
  using box = sandbox();
  await makeLargeRoot(box.stateRoot, size);
  await using daemon = await startBenchDaemon(box, provider.url);
  await turns(daemon.url, daemon.pid, words(size));
}

const cursor = (key: string | number) => Buffer.from(String(key)).toString('base64url');

async function lists(url: string): Promise<void> {
  const client = new HttpClient(url);
  const deepRun = Math.round(eventsOf(large) * 0.9);
  const pages = {
    'sessions, first page': '/v1/sessions?limit=50',
    'sessions, deep page': `/v1/sessions?limit=50&cursor=${cursor('session-9')}`,
    'runs, first page': '/v1/runs?limit=50',
    'runs, newest page': '/v1/runs?limit=50&order=desc',
    'runs, deep page': `/v1/runs?limit=50&cursor=${cursor(deepRun)}`,
    'events of a session': '/v1/sessions/session-1/events',
    'messages of a session': '/v1/sessions/session-1/messages',
    status: '/v1/status',
  };
  for (const [name, path] of Object.entries(pages)) {
    const samples = await timed(200, async () => {
      const { status } = await client.exchange('GET', path);
      if (status !== 200) throw new Error(`${path}: ${status}`);
    });
    note(`${name}, p50`, spread(samples), '200 requests');
  }
  client.close();
}

async function newest(url: string): Promise<number> {
  const client = new HttpClient(url);
  const { text } = await client.exchange('GET', '/v1/status');
  client.close();
  const { events } = JSON.parse(text) as { events: { newest_event_id: string } };
  return Number(events.newest_event_id);
}

async function streams(url: string, head: number): Promise<void> {
  const attach = async (path: string, frames: number) => {
    const reader = await EventReader.open(url + path);
    await reader.until(frames);
    reader.close();
  };
  const all = '/v1/events/stream';
  note('stream, attach live, p50', spread(await timed(100, () => attach(all, 1))), '100 times');
  const resumed = await timed(100, () => attach(`${all}?cursor=${head - 10}`, 11));
  note('stream, resume 10 events before the end, p50', spread(resumed), '100 times');
  const first = await timed(100, () => attach(`${all}?cursor=0`, 101));
  note('stream, first 100 events from 0, p50', spread(first), '100 times');
}

/** Everything from the beginning, while others have their turns. */
async function replay(url: string, pid: number, box: Sandbox, head: number): Promise<void> {
  const talk = await Talk.open(url);
  await timed(100, () => talk.turn(plainInput));
  const alone = await timed(200, () => talk.turn(plainInput));
  const resident = residentMb(pid);
  let [most, log] = [0, 0];
  const reader = await EventReader.open(`${url}/v1/events/stream?cursor=0`);
  const from = performance.now();
  const watch = setInterval(() => {
    most = Math.max(most, residentMb(pid));
    log = Math.max(log, logMb(box.stateRoot));
  }, 50);
  const whole = reader.until(head).then(() => (performance.now() - from) / 1_000);
  const beside: number[] = [];
  while (reader.frames < head) beside.push(...(await timed(1, () => talk.turn(plainInput))));
  const seconds = await whole;
  clearInterval(watch);
  reader.close();
  const after = 'one reader from 0 to the end';
  note(
    'replay of all events',
    `${seconds.toFixed(1)} s, ${Math.round(head / seconds).toLocaleString('en')} events/s, ${Math.round(reader.bytes / seconds / 1e6)} MB/s`,
    after,
  );
  note('resident before and at most', `${Math.round(resident)} and ${Math.round(most)} MB`, after);
  note('write-ahead log, at most', `${log.toFixed(1)} MB`, after);
  note('turn of another client, alone', spread(alone), '200 turns');
  note('turn of another client, beside it', spread(beside), `${beside.length} turns`);
}

/** The direct call sends the same prompt. */
async function longSession(): Promise<void> {
  using box = sandbox();
  await makeLargeRoot(box.stateRoot, { sessions: 1, runs: 500 });
  await using daemon = await startBenchDaemon(box, provider.url);
  const client = new HttpClient(provider.url);
  const warm = await Talk.open(daemon.url);
  await timed(300, () => warm.turn(plainInput));
  const long = Talk.of(daemon.url, 'session-0');
  const [few, many]: [number[], number[]] = [[], []];
  for (let pair = 0; pair < 100; pair += 1) {
    const short = await Talk.open(daemon.url);
    await timed(5, () => short.turn(plainInput));
    const direct = await directCall(client, 1, said(10));
    few.push((await short.turn(plainInput)).ms - direct);
    short.client.close();
    const longDirect = await directCall(client, 1, said(1_000 + 2 * pair));
    many.push((await long.turn(plainInput)).ms - longDirect);
  }
  note(
    '(turn - direct), 1,000 messages against 10',
    `${(median(many) / median(few)).toFixed(2)}x (${ms(median(many))}, ${ms(median(few))})`,
    '300 turns; 100 pairs of each',
  );
}

function said(messages: number): object[] {
  return Array.from({ length: messages }, (_, index) =>
    index % 2 === 0
      ? { role: 'user', content: plainInput }
      : { role: 'assistant', content: 'The inventory has two routes. The first one is used.' },
  );
}

await turnsOnRoot(sized(10));
await turnsOnRoot(sized(1_000));
await longSession();
{
  using box = sandbox();
  await startUp(box, 'empty root');
}
using temporary = sandbox();
const box = { ...temporary, stateRoot: values.root ?? temporary.stateRoot };
if (!existsSync(box.stateRoot)) await makeLargeRoot(box.stateRoot, large);
await startUp(box, words(large));
await using daemon = await startBenchDaemon(box, provider.url);
await lists(daemon.url);
await streams(daemon.url, await newest(daemon.url));
await turns(daemon.url, daemon.pid, words(large));
await replay(daemon.url, daemon.pid, box, await newest(daemon.url));
provider.close();
process.stdout.write(`${markdown(figures)}\n`);
