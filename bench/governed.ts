import { createClient } from '@kheish/client-sdk';
import type { DaemonProcess } from '../tests/harness/daemon-process.ts';
import { cpuMs } from './bench-daemon.ts';
import { median } from './figures.ts';
import { Talk, commandInput, plainInput, throughput, toolInput } from './turns.ts';

type Note = (name: string, value: string, goal: string, after: string) => void;

const ROUNDS = 4;
const TURNS_PER_ROUND = 250;
const COMMANDS = 50;

/** What a tool costs: beside the model calls around it, and where it is a command in the sandbox. */
export async function governedFigures(note: Note, { url, pid }: DaemonProcess): Promise<void> {
  const talks = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
  await cpuPerTurn(pid, talks, plainInput);
  await cpuPerTurn(pid, talks, toolInput);
  let plain = 0;
  let tool = 0;
  // By turns: the daemon becomes faster as it goes.
  for (let round = 0; round < ROUNDS; round += 1) {
    const fresh = await Promise.all(Array.from({ length: 16 }, () => Talk.open(url)));
    plain += (await cpuPerTurn(pid, fresh, plainInput)) / ROUNDS;
    tool += (await cpuPerTurn(pid, fresh, toolInput)) / ROUNDS;
  }
  note(
    'CPU of a one-tool turn against two plain turns',
    `${(tool / (2 * plain)).toFixed(2)}x`,
    '<= 1.3x',
    `${ROUNDS * TURNS_PER_ROUND} turns of each at 16 sessions: ${plain.toFixed(1)} and ${tool.toFixed(1)} ms`,
  );

  const client = createClient({ baseUrl: url });
  await client.runtime.permissionRules.set([
    { scope: 'user', tool_name_pattern: 'bash', argv_prefix: ['true'], behavior: 'allow' },
  ]);
  const talk = await Talk.open(url);
  const samples: number[] = [];
  for (let count = 0; count < COMMANDS; count += 1) {
    samples.push(await commandMs(client, (await talk.turn(commandInput)).runId));
  }
  note(
    '`bash true`, from its intent to its outcome, p50',
    `${median(samples).toFixed(0)} ms`,
    '',
    `${COMMANDS} calls, one client`,
  );
}

async function cpuPerTurn(pid: number, talks: readonly Talk[], content: string): Promise<number> {
  const before = cpuMs(pid);
  await throughput(talks, content, TURNS_PER_ROUND);
  return (cpuMs(pid) - before) / TURNS_PER_ROUND;
}

async function commandMs(client: ReturnType<typeof createClient>, runId: string): Promise<number> {
  let from = 0;
  for await (const event of client.runs.events(runId)) {
    if (event.type === 'action_intended' && event.kind === 'tool_call') from = event.at_ms;
    if (event.type === 'action_settled' && event.kind === 'tool_call') {
      if (event.outcome !== 'succeeded') throw new Error(`the command ended ${event.outcome}`);
      return event.at_ms - from;
    }
  }
  throw new Error('no command was carried out');
}
