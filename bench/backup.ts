import { statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createClient } from '@kheish/client-sdk';
import { sandbox } from '../tests/harness/daemon-process.ts';
import { makeLargeRoot } from '../tests/harness/large-root.ts';
import { logMb, startBenchDaemon } from './bench-daemon.ts';
import { type Figure, markdown, median, percentile } from './figures.ts';
import { startProvider } from './provider.ts';
import { Talk, plainInput } from './turns.ts';

// A backup of a large root while 16 sessions run: their turns beside it against the turns before and after it.
// `--megabytes N` makes another root than that of 1 GB, `--rounds N` as many backups.

const { values } = parseArgs({
  options: {
    megabytes: { type: 'string', default: '1024' },
    rounds: { type: 'string', default: '3' },
  },
});
const TALKS = 16;
const ALONE_MS = 6_000;
/** Once in the event, once in the row of its session. */
const PROMPT_BYTES = 14_000;

const provider = await startProvider();
using box = sandbox();
const sessions = Math.round((Number(values.megabytes) * 1e6) / (2.35 * PROMPT_BYTES));
await makeLargeRoot(box.stateRoot, {
  sessions,
  runs: sessions,
  systemPrompt: 'You look after routes. '.repeat(PROMPT_BYTES / 23),
});
const rootMb = statSync(join(box.stateRoot, 'kheish.db')).size / 1e6;
process.stderr.write(`a root of ${Math.round(rootMb)} MB\n`);
await using daemon = await startBenchDaemon(box, provider.url, {
  KHEISH_BACKUP_DIR: join(box.directory, 'backups'),
});
const client = createClient({ baseUrl: daemon.url });
const talks = await Promise.all(Array.from({ length: TALKS }, () => Talk.open(daemon.url)));

/** Milliseconds of each turn of all sessions until the work is done. */
async function turnsBeside(work: Promise<unknown>): Promise<number[]> {
  const samples: number[] = [];
  let isOver = false;
  const over = work.finally(() => (isOver = true));
  const going = () => !isOver;
  await Promise.all(
    talks.map(async (talk) => {
      while (going()) samples.push((await talk.turn(plainInput)).ms);
    }),
  );
  await over;
  return samples;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

await turnsBeside(pause(ALONE_MS));
const alone: number[] = [];
const beside: number[] = [];
const took: number[] = [];
const ratios: number[] = [];
let log = 0;
const watch = setInterval(() => (log = Math.max(log, logMb(box.stateRoot))), 50);
for (let round = 0; round < Number(values.rounds); round += 1) {
  const before = await turnsBeside(pause(ALONE_MS));
  const from = performance.now();
  const during = await turnsBeside(
    client.backups.create().then(async ({ backup_id }) => {
      const made = await client.backups.wait(backup_id);
      if (made.state !== 'complete') throw new Error(`the backup is ${made.state}: ${made.detail}`);
      took.push(performance.now() - from);
    }),
  );
  const after = await turnsBeside(pause(ALONE_MS));
  alone.push(...before, ...after);
  beside.push(...during);
  const p99 = percentile(during, 0.99) / percentile([...before, ...after], 0.99);
  ratios.push(p99);
  process.stderr.write(
    `round ${round + 1}: ${Math.round(took.at(-1) ?? 0)} ms, ${during.length} turns, p99 ${p99.toFixed(2)}x\n`,
  );
}
clearInterval(watch);
provider.close();

const spread = (samples: readonly number[]) =>
  `p50 ${median(samples).toFixed(1)} ms, p99 ${percentile(samples, 0.99).toFixed(1)} ms, most ${Math.max(...samples).toFixed(0)} ms`;
const seconds = median(took) / 1_000;
const rounds = `${values.rounds} backups`;
const figures: Figure[] = [
  {
    name: `backup of a root of ${Math.round(rootMb)} MB`,
    value: `${seconds.toFixed(1)} s, ${Math.round(rootMb / seconds)} MB/s`,
    goal: '',
    after: rounds,
  },
  {
    name: 'p99 of turns beside it, against alone, median of rounds',
    value: `${median(ratios).toFixed(2)}x`,
    goal: '<= 1.5x',
    after: `16 sessions; ${rounds}`,
  },
  { name: 'turns alone', value: spread(alone), goal: '', after: `${alone.length} turns` },
  { name: 'turns beside it', value: spread(beside), goal: '', after: `${beside.length} turns` },
  { name: 'write-ahead log, at most', value: `${log.toFixed(0)} MB`, goal: '', after: rounds },
];
process.stdout.write(`${markdown(figures)}\n`);
