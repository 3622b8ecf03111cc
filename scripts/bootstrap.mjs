// Runs a script of this folder with everything it needs, from a clone with nothing but Node and npm.
// Plain JavaScript, and only what Node 20 has: it is the one file that the machine's own Node runs.
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const marker = join(modules, '.installed-lockfile');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

const [script, ...args] = process.argv.slice(2);
if (script === undefined) fail('usage: node scripts/bootstrap.mjs <script> [arguments]');

installIfNeeded();
run(findNode(), [join(root, script), ...args]);

function installIfNeeded() {
  const wanted = lockDigest();
  if (existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return;
  const pnpm = manifest.packageManager.split('+')[0];
  // The age of each release was checked when the lockfile was made; asking the registry again takes up to half a minute.
  const install = ['install', '--frozen-lockfile', '--trust-lockfile'];
  const { status, error } = spawnSync('npx', ['--yes', pnpm, ...install], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, npm_config_loglevel: 'error' },
  });
  if (error !== undefined) fail(`npx could not be started (${error.message}); it comes with npm`);
  if (status !== 0) fail('the dependencies could not be installed; see the messages above');
  writeFileSync(marker, wanted);
}

function lockDigest() {
  const hash = createHash('sha256');
  for (const file of ['package.json', 'pnpm-workspace.yaml', 'pnpm-lock.yaml']) {
    hash.update(readFileSync(join(root, file)));
  }
  return hash.digest('hex');
}

/** The Node that the lockfile pins; where it has none for this machine, this one if it is new enough. */
function findNode() {
  const pinned = join(modules, `node-${process.platform}-${process.arch}`, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  if (Number.parseInt(process.versions.node, 10) >= 24) return process.execPath;
  return fail(
    `Node 24 or newer is needed on ${process.platform}-${process.arch}; this is ${process.version}`,
  );
}

function run(node, argv) {
  const child = spawn(node, argv, {
    cwd: root,
    stdio: 'inherit',
    env: {
      ...process.env,
      PATH: [join(modules, '.bin'), process.env.PATH].join(delimiter),
      TURBO_TELEMETRY_DISABLED: '1',
    },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => fail(error.message));
  child.on('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}
