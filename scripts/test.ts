import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildPackages, runTool } from './tools.ts';

interface Counts {
  readonly passed: number;
  readonly failed: number;
}

/** What is read of the report that vitest writes. */
interface TestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
}

const one = (ok: boolean): Counts => (ok ? { passed: 1, failed: 0 } : { passed: 0, failed: 1 });

async function tool(name: string, ...args: string[]): Promise<Counts> {
  const { ok } = await runTool(name, args, 'show');
  return one(ok);
}

async function tests(): Promise<Counts> {
  const folder = await mkdtemp(join(tmpdir(), 'kheish-test-'));
  const file = join(folder, 'report.json');
  const reporters = ['default', './scripts/promises/reporter.ts', 'json'].map(
    (name) => `--reporter=${name}`,
  );
  try {
    const { ok } = await runTool(
      'vitest',
      ['run', ...reporters, `--outputFile.json=${file}`],
      'show',
      { PROMISES_GATE: 'always' },
    );
    const { numPassedTests, numFailedTests } = JSON.parse(
      await readFile(file, 'utf8'),
    ) as TestReport;
    // A run may fail with every test passing: an unheld promise, a file that does not load, an unhandled error.
    return { passed: numPassedTests, failed: ok ? numFailedTests : Math.max(1, numFailedTests) };
  } catch (error) {
    console.error(error);
    return one(false);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const steps: Record<string, () => Promise<Counts>> = {
  build: async () => one((await buildPackages('show')).ok),
  lint: async () => tool('oxlint', '--type-aware', '--deny-warnings'),
  format: async () => tool('oxfmt', '--check'),
  types: async () => tool('tsc', '-p', 'tsconfig.json'),
  'dead code': async () => tool('knip'),
  ...(process.argv.includes('--no-tests') ? {} : { tests }),
};

let passed = 0;
let failed = 0;
for (const [name, step] of Object.entries(steps)) {
  console.log(`\n== ${name}`);
  const start = performance.now();
  const counts = await step();
  passed += counts.passed;
  failed += counts.failed;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`== ${name}: ${counts.failed === 0 ? 'ok' : 'FAILED'} (${seconds} s)`);
}
console.log(`\n${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
