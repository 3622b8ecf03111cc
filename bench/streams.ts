import { readFileSync } from 'node:fs';
import { type IncomingMessage, get } from 'node:http';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { sandbox } from '../tests/harness/daemon-process.ts';
import { cpuMs, startBenchDaemon } from './bench-daemon.ts';
import { percentile } from './figures.ts';
import { HttpClient } from './http-client.ts';
import { startProvider } from './provider.ts';
import { startTokenProvider } from './token-provider.ts';
import { Talk, plainInput, throughput } from './turns.ts';

type Note = (name: string, value: string, goal: string, after: string) => void;

/** The figures of streams and of the event loop. */
export async function streamFigures(note: Note): Promise<void> {
  await tokenStreams(note);
  await manyFollowers(note);
  await loopDelay(note);
}

async function follow(url: string, heard: (text: string) => void): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false }, (response) => {
      response.setEncoding('utf8').on('data', heard);
      resolve(response);
    }).on('error', reject);
  });
}

async function submit(url: string, sessions: number): Promise<string[]> {
  const client = new HttpClient(url);
  const runs: string[] = [];
  for (let count = 0; count < sessions; count += 1) {
    const session = await client.json<{ session_id: string }>('POST', '/v1/sessions', {});
    const path = `/v1/sessions/${session.session_id}/runs`;
    const run = await client.json<{ run_id: string }>('POST', path, { content: plainInput });
    runs.push(run.run_id);
  }
  client.close();
  return runs;
}

async function underWay(count: number, answers: () => number): Promise<void> {
  while (answers() < count) await sleep(5);
}

async function tokenStreams(note: Note): Promise<void> {
  const [streams, tokensPerSecond, seconds] = [100, 100, 10];
  using box = sandbox();
  const provider = await startTokenProvider();
  await using daemon = await startBenchDaemon(box, provider.url);
  const runs = await submit(daemon.url, streams);
  await underWay(streams, provider.answers);
  const delays: number[] = [];
  const open = await Promise.all(
    runs.map((run) =>
      follow(`${daemon.url}/v1/runs/${run}/stream`, (text) => {
        const now = performance.now();
        for (const [, sent] of text.matchAll(/"offset":[1-9]\d*,"text":"@([\d.]+) "/g)) {
          delays.push(now - Number(sent));
        }
      }),
    ),
  );
  await provider.speak(tokensPerSecond, 2);
  delays.length = 0;
  const [cpu, from] = [cpuMs(daemon.pid), performance.now()];
  await provider.speak(tokensPerSecond, seconds);
  const share = (cpuMs(daemon.pid) - cpu) / (performance.now() - from);
  const heard = delays.length;
  for (const response of open) response.destroy();
  provider.finish();
  provider.close();
  const after = `2 s of it; ${seconds} s, ${heard} tokens heard`;
  const name = `${streams} streams of ${tokensPerSecond} tokens/s, one follower each`;
  note(name, `${Math.round(share * 100)} % of a core`, '<= 40 %', after);
  note('their delay, p99', `${percentile(delays, 0.99).toFixed(1)} ms`, '<= 20 ms', after);
}

async function manyFollowers(note: Note): Promise<void> {
  using box = sandbox();
  const provider = await startTokenProvider();
  await using daemon = await startBenchDaemon(box, provider.url);
  const late: number[] = [];
  for (let round = 0; round < 10; round += 1) {
    const [run] = await submit(daemon.url, 1);
    await underWay(1, provider.answers);
    const ends: Promise<number>[] = [];
    for (let count = 0; count < 200; count += 1) {
      const end = Promise.withResolvers<number>();
      await follow(`${daemon.url}/v1/runs/${run}/stream`, (text) => {
        if (text.includes('"type":"run_completed"')) end.resolve(performance.now());
      });
      ends.push(end.promise);
    }
    await provider.speak(50, 0.2);
    const finished = provider.finish();
    late.push(Math.max(...(await Promise.all(ends))) - finished);
  }
  provider.close();
  note(
    '200 followers of one run, last one after the end of its answer, p50',
    `${percentile(late, 0.5).toFixed(1)} ms`,
    '<= 30 ms',
    '10 runs',
  );
}

async function loopDelay(note: Note): Promise<void> {
  using box = sandbox();
  const file = join(box.directory, 'loop-delay.json');
  const provider = await startProvider();
  await using daemon = await startBenchDaemon(box, provider.url, {
    NODE_OPTIONS: `--import=${join(import.meta.dirname, 'loop-delay.ts')}`,
    BENCH_LOOP_DELAY_FILE: file,
  });
  const read = async () => {
    daemon.child.kill('SIGUSR2');
    await sleep(100);
    return JSON.parse(readFileSync(file, 'utf8')) as { p99: number; max: number };
  };
  const talks = await Promise.all(Array.from({ length: 16 }, () => Talk.open(daemon.url)));
  await throughput(talks, plainInput, 1_000);
  await read();
  await throughput(talks, plainInput, 2_000);
  const { p99, max } = await read();
  provider.close();
  note(
    'event-loop delay at 16 sessions, p99',
    `${p99.toFixed(1)} ms (at most ${max.toFixed(0)})`,
    '<= 15 ms',
    '1,000 turns; 2,000 turns',
  );
}
