import { createClient } from '@kheish/client-sdk';
import { startFakeProvider } from '@kheish/testkit';
import { sandbox } from '../tests/harness/daemon-process.ts';
import { makeLargeRoot } from '../tests/harness/large-root.ts';
import { until } from '../tests/harness/until.ts';
import { startBenchDaemon } from './bench-daemon.ts';
import { type Figure, markdown, median } from './figures.ts';

// Starts on 10,000 sessions after a crash, with and without 500 interrupted runs.

const STARTS = 7;

/** Milliseconds from the launch until the log says `ready`, and until every interrupted run is over. */
async function start(interrupted: number): Promise<{ ready: number; over: number }> {
  using box = sandbox();
  await makeLargeRoot(box.stateRoot, { sessions: 10_000, runs: 10_000, interrupted });
  await using provider = await startFakeProvider({
    protocol: 'chat-completions',
    defaultReply: { text: 'done' },
    record: false,
  });
  const from = performance.now();
  await using daemon = await startBenchDaemon(box, provider.url);
  const ready = performance.now() - from;
  const client = createClient({ baseUrl: daemon.url });
  await until('all ends', async () => (await client.status()).runs.running === 0 || undefined);
  return { ready, over: performance.now() - from };
}

const figures: Figure[] = [];
for (const interrupted of [0, 500]) {
  const samples: { ready: number; over: number }[] = [];
  for (let count = 0; count < STARTS; count += 1) samples.push(await start(interrupted));
  const of = (what: 'ready' | 'over') => Math.round(median(samples.map((sample) => sample[what])));
  const after = `${STARTS} starts; 10,000 sessions with a run each, ${interrupted} interrupted`;
  const goal = '<= 2,000 ms';
  figures.push({ name: 'ready after a crash, p50', value: `${of('ready')} ms`, goal, after });
  figures.push({ name: 'all interrupted runs over', value: `${of('over')} ms`, goal: '', after });
}
process.stdout.write(`${markdown(figures)}\n`);
