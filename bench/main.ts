import { type Sandbox, sandbox } from '../tests/harness/daemon-process.ts';
import { residentMb, startBenchDaemon } from './bench-daemon.ts';
import { type Figure, markdown, median } from './figures.ts';
import { governedFigures } from './governed.ts';
import { HttpClient } from './http-client.ts';
import { startProvider } from './provider.ts';
import { streamFigures } from './streams.ts';
import { Talk, directCall, plainInput, throughput, toolInput } from './turns.ts';

const provider = await startProvider();
const figures: Figure[] = [];
const note = (name: string, value: string, goal: string, after: string) => {
  figures.push({ name, value, goal, after });
  process.stderr.write(`${name}: ${value} (goal ${goal})\n`);
};
const round = (value: number) => String(Math.round(value));

const start = (box: Sandbox) => startBenchDaemon(box, provider.url);

/** Pairs of a turn and a direct call, so that both meet the same noise: the median of the differences. */
async function addedMs(url: string, content: string, steps: number, pairs: number) {
  const talk = await Talk.open(url);
  const client = new HttpClient(provider.url);
  const added: number[] = [];
  const first: number[] = [];
  for (let pair = 0; pair < pairs; pair += 1) {
    const direct = await directCall(client, steps);
    const turn = await talk.turn(content);
    added.push(turn.ms - direct);
    first.push(turn.firstMs - direct);
  }
  return { turn: median(added), first: median(first) };
}

async function startUp(): Promise<void> {
  const samples: number[] = [];
  for (let count = 0; count < 11; count += 1) {
    using box = sandbox();
    const from = performance.now();
    const daemon = await start(box);
    samples.push(performance.now() - from);
    await daemon.kill();
  }
  note(
    'ready after start, p50',
    `${round(median(samples))} ms`,
    '<= 200 ms',
    '11 starts, fresh roots',
  );
}

async function creates(url: string, count: number): Promise<number> {
  const clients = Array.from({ length: 16 }, () => new HttpClient(url));
  let left = count;
  const from = performance.now();
  await Promise.all(
    clients.map(async (client) => {
      while (left > 0) {
        left -= 1;
        await client.json('POST', '/v1/sessions', {});
      }
      client.close();
    }),
  );
  return (count * 1000) / (performance.now() - from);
}

async function load(): Promise<void> {
  using box = sandbox();
  await using daemon = await start(box);
  const { url, pid } = daemon;
  note('resident, idle', `${round(residentMb(pid))} MB`, '<= 90 MB', 'start');

  const talks = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  const early = await throughput(talks, plainInput, 300);
  note('turns/s, 16 sessions, first 300', round(early), '>= 320', '0 turns');
  await throughput(talks, plainInput, 700);
  note('resident, after 1,000 runs', `${round(residentMb(pid))} MB`, '<= 140 MB', '1,000 turns');
  const fresh = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  note(
    'turns/s, 16 sessions, warm',
    round(await throughput(fresh, plainInput, 1_000)),
    '>= 500',
    '1,000 turns',
  );

  const tools = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  const firstTools = await throughput(tools, toolInput, 300);
  note(
    'one-tool turns/s, 16 sessions, first 300',
    round(firstTools),
    '>= 250',
    '2,000 plain turns',
  );
  await throughput(tools, toolInput, 700);
  const moreTools = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  note(
    'one-tool turns/s, 16 sessions, warm',
    round(await throughput(moreTools, toolInput, 600)),
    '>= 350',
    '1,000 one-tool turns',
  );

  const plain = await addedMs(url, plainInput, 1, 200);
  note(
    'turn, one client, added p50',
    `${plain.turn.toFixed(1)} ms`,
    '<= 4 ms',
    '3,600 turns; 200 pairs',
  );
  note('first token, added p50', `${plain.first.toFixed(1)} ms`, '<= 3 ms', 'the same pairs');
  const tool = await addedMs(url, toolInput, 2, 150);
  note(
    'one-tool turn, added p50',
    `${tool.turn.toFixed(1)} ms`,
    '<= 7 ms',
    '3,800 turns; 150 pairs',
  );
  note('resident, at the end', `${round(residentMb(pid))} MB`, '', '3,950 turns');
}

async function governed(): Promise<void> {
  using box = sandbox();
  await using daemon = await start(box);
  await governedFigures(note, daemon);
}

async function createLoad(): Promise<void> {
  using box = sandbox();
  await using daemon = await start(box);
  note(
    'sessions created/s, 16 clients, first 1,000',
    round(await creates(daemon.url, 1_000)),
    '>= 2,000',
    'start',
  );
  note(
    'sessions created/s, 16 clients, warm',
    round(await creates(daemon.url, 4_000)),
    '>= 3,000',
    '1,000 creates',
  );
}

await startUp();
await createLoad();
await load();
await governed();
await streamFigures(note);
provider.close();
process.stdout.write(`${markdown(figures)}\n`);
