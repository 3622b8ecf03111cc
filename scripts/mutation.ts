// Changes the code in every small way and asks the tests to notice: `npm run test:mutation -- [package...]`.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { root } from './tools.ts';

const GOAL = 85;

/** What is mutated, by package: where a wrong line would lose or leak something. */
const areas: Readonly<Record<string, readonly string[]>> = {
  'core-model': ['src/run', 'src/session', 'src/journal'],
  'state-store': ['src/commit'],
  'auth-store': ['src'],
};

/** What is read of the report that Stryker writes. */
interface Report {
  readonly files: Readonly<Record<string, { readonly mutants: readonly { status: string }[] }>>;
}

const folder = join(root, 'scripts', 'mutation');

function run(command: string, ...args: string[]): boolean {
  return spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status === 0;
}

function summary(report: Report, name: string): Record<string, number> {
  const statuses = Object.entries(report.files)
    .filter(([file]) => file.startsWith(`packages/${name}/`))
    .flatMap(([, { mutants }]) => mutants.map(({ status }) => status));
  const count = (status: string) => statuses.filter((each) => each === status).length;
  const [killed, timeouts] = [count('Killed'), count('Timeout')];
  const [survived, uncovered] = [count('Survived'), count('NoCoverage')];
  const mutants = killed + timeouts + survived + uncovered;
  const score = Math.floor((1_000 * (killed + timeouts)) / mutants) / 10;
  return { mutants, killed, timeouts, survived, 'no coverage': uncovered, 'score %': score };
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { concurrency: { type: 'string', default: '2' } },
});
const names = positionals.length === 0 ? Object.keys(areas) : positionals;
const globs = names.flatMap((name) => {
  const folders = areas[name];
  if (folders === undefined) throw new Error(`${name} is none of ${Object.keys(areas).join(', ')}`);
  return folders.map((each) => `packages/${name}/${each}/**/*.ts`);
});

// A workspace of its own: whoever only installs and tests the project does not download Stryker.
const installed = run('pnpm', 'install', '--dir', folder, '--frozen-lockfile', '--trust-lockfile');
const mutate = [...globs, '!**/*.test.ts', '!**/testing/**'].join(',');
const config = join(folder, 'stryker.config.json');
const stryker = join(folder, 'node_modules', '.bin', 'stryker');
const options = ['--mutate', mutate, '--concurrency', values.concurrency];
if (!installed || !run(stryker, 'run', config, ...options)) {
  throw new Error('Stryker did not run to its end; see above');
}

const report = JSON.parse(readFileSync(join(root, 'coverage', 'mutation.json'), 'utf8')) as Report;
const rows = Object.fromEntries(names.map((name) => [name, summary(report, name)]));
console.table(rows);
if (Object.values(rows).some((row) => !((row['score %'] ?? 0) >= GOAL))) {
  console.error(`the goal is ${GOAL} %`);
  process.exitCode = 1;
}
