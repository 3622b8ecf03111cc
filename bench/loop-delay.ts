// Loaded into a daemon by `--import`: on SIGUSR2 it writes how late its event loop was since the last time.
import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const file = process.env['BENCH_LOOP_DELAY_FILE'] ?? '';
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();

const ms = (nanoseconds: number) => nanoseconds / 1e6;

process.on('SIGUSR2', () => {
  writeFileSync(file, JSON.stringify({ p99: ms(delay.percentile(99)), max: ms(delay.max) }));
  delay.reset();
});
