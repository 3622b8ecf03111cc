import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPackages, root } from './tools.ts';

// The main job, once, in front of one's eyes: a daemon on a fresh state root, a session, an input, its run.

const program = join(root, 'bin', 'kheish');
const input =
  'Review route inventory: read routes.default.toml and report which routes, drivers, models and secret refs are in it.';

const providers = [
  { driver: 'anthropic', variable: 'ANTHROPIC_API_KEY', model: 'claude-sonnet-4-6' },
  { driver: 'openai', variable: 'OPENAI_API_KEY', model: 'gpt-5.4' },
  { driver: 'openrouter', variable: 'OPENROUTER_API_KEY', model: 'openai/gpt-5.4-mini' },
  { driver: 'google', variable: 'GOOGLE_API_KEY', model: 'gemini-2.5-flash' },
  { driver: 'xai', variable: 'XAI_API_KEY', model: 'grok-4-fast-reasoning' },
];

/** One route to the provider whose key is in the environment, or to the scripted driver. */
function chooseRoute(): { said: string; toml: string } {
  const provider = providers.find(({ variable }) => process.env[variable]?.trim());
  if (provider === undefined) {
    return {
      said: 'No provider key in the environment: the "scripted" driver answers, a small program and not a model.',
      toml: 'version = 1\n[routes.scripted]\ndriver = "scripted"\n',
    };
  }
  const { driver, variable, model } = provider;
  return {
    said: `${variable} is set: ${driver} answers, with ${model}.`,
    toml: `version = 1\n[routes.${driver}]\ndriver = "${driver}"\ndefault_model = "${model}"\nmodel_support = "any"\napi_key_env = "${variable}"\n`,
  };
}

/** Nothing that this shell has set up for another daemon reaches this one. */
function environment(url?: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !name.startsWith('KHEISH_'));
  return { ...Object.fromEntries(kept), ...(url !== undefined && { KHEISH_DAEMON_URL: url }) };
}

async function startDaemon(directory: string, toml: string) {
  const routesFile = join(directory, 'routes.toml');
  writeFileSync(routesFile, toml);
  const args = ['serve', '--bind', '127.0.0.1:0', '--state-root', join(directory, 'state')];
  // A process group of its own: Ctrl-C reaches it once, through us.
  const child = spawn(
    program,
    [...args, '--workspace-root', root, '--routes-file', routesFile, '--log-format', 'json'],
    { env: environment(), stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let log = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      log += piece;
      const ready = /"url":"([^"]+)"[^\n]*"msg":"ready"/.exec(log);
      if (ready?.[1] !== undefined) resolve(ready[1]);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the daemon did not start:\n${log}`)));
  });
  return { child, url };
}

/** Runs the program as a person would, and gives what it prints; `shown` gets each line as it comes. */
async function kheish(
  url: string,
  args: string[],
  shown?: (line: string) => void,
): Promise<string> {
  console.log(
    `\n$ ./bin/kheish ${args.map((arg) => (/\s/.test(arg) ? `"${arg}"` : arg)).join(' ')}`,
  );
  const child = spawn(program, [...args, '--output', 'json'], {
    env: environment(url),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  let begun = 0;
  child.stdout.setEncoding('utf8').on('data', (piece: string) => {
    text += piece;
    for (let end = text.indexOf('\n', begun); end >= 0; end = text.indexOf('\n', begun)) {
      shown?.(text.slice(begun, end));
      begun = end + 1;
    }
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`./bin/kheish ${args.join(' ')} ended with exit code ${code}`);
  return text;
}

interface StreamLine {
  readonly event: string;
  readonly data: {
    readonly kind?: string;
    readonly target?: string;
    readonly outcome?: string;
    readonly message?: { readonly parts?: { readonly type: string; readonly input?: object }[] };
    readonly error?: { readonly detail: string };
  };
}

/** One line for each thing that the agent does. */
function narrate(line: string): void {
  const { event, data } = JSON.parse(line) as StreamLine;
  if (event === 'action_settled' && data.kind === 'model_call') {
    for (const part of data.message?.parts ?? []) {
      if (part.type === 'tool_call') console.log(`  model asks   ${JSON.stringify(part.input)}`);
    }
  } else if (event === 'action_settled') {
    console.log(`  ${data.target?.padEnd(20)} ${data.outcome}`);
  } else if (event.startsWith('run_')) {
    console.log(`  ${event}${data.error === undefined ? '' : `: ${data.error.detail}`}`);
  }
}

async function demonstrate(url: string): Promise<boolean> {
  await kheish(url, ['sessions', 'create', 'quickstart']);
  const accepted = await kheish(url, ['sessions', 'input', 'quickstart', input]);
  const { run_id: runId } = JSON.parse(accepted) as { run_id: string };
  await kheish(url, ['runs', 'stream', runId], narrate);
  const run = JSON.parse(await kheish(url, ['runs', 'get', runId])) as {
    status: string;
    outputs: { content: string }[];
    error?: { detail: string };
  };
  console.log(`\n${run.outputs.map((output) => output.content).join('\n')}\n`);
  if (run.status !== 'completed') console.error(`The run ${run.status}: ${run.error?.detail}`);
  return run.status === 'completed';
}

async function stop(daemon: ChildProcess): Promise<void> {
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill('SIGTERM');
  await ended;
}

/** Resolves at the first signal; later ones change nothing: a terminal and npm may both send the same. */
async function untilInterrupted(): Promise<'interrupted'> {
  await new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, resolve);
  });
  return 'interrupted';
}

/** Resolves with the exit code. */
async function show(
  daemon: ChildProcess,
  url: string,
  interrupted: Promise<'interrupted'>,
): Promise<number> {
  const shown = demonstrate(url);
  // A program that Ctrl-C ends under way fails; then the interruption is what counts.
  shown.catch(() => undefined);
  const done = await Promise.race([shown, interrupted]);
  if (done === 'interrupted') return 130;
  console.log(`The daemon is at ${url}. Try next:
  ./bin/kheish --base-url ${url} status
  ./bin/kheish --base-url ${url} sessions messages quickstart
  ./bin/kheish --base-url ${url} chat quickstart`);
  if (!done) return 1;
  if (process.stdin.isTTY && process.stdout.isTTY) {
    console.log('It stays until Ctrl-C.');
    const ended = once(daemon, 'exit');
    if ((await Promise.race([interrupted, ended])) === 'interrupted') return 0;
    console.error('The daemon has ended.');
    return 1;
  }
  console.log('It stops now: this is not a terminal.');
  return 0;
}

const { ok: built } = await buildPackages('show', '@kheish/cli');
if (!built) process.exit(1);
const directory = mkdtempSync(join(tmpdir(), 'kheish-quickstart-'));
try {
  const { said, toml } = chooseRoute();
  console.log(said);
  const interrupted = untilInterrupted();
  const { child, url } = await startDaemon(directory, toml);
  try {
    process.exitCode = await show(child, url, interrupted);
  } finally {
    await stop(child);
  }
} finally {
  rmSync(directory, { recursive: true, force: true });
}
