import type { Reporter, TestCase, TestModule, TestSpecification, Vitest } from 'vitest/node';
import { judge, type TestOutcome } from './gate.ts';

const notRunPrefix = 'not run: ';

function outcome(test: TestCase): TestOutcome {
  const result = test.result();
  const note = result.state === 'skipped' ? result.note : undefined;
  return {
    title: test.name,
    state: result.state,
    notRun: note?.startsWith(notRunPrefix) ? note.slice(notRunPrefix.length) : undefined,
  };
}

/**
 * Fails a full run whose tests do not hold what `promises` says; says nothing in a filtered run.
 * `PROMISES_GATE=always` takes every run for a full one.
 */
export class PromisesReporter implements Reporter {
  readonly #promises: Readonly<Record<string, string>>;
  #vitest: Vitest | undefined;
  #filtered = true;

  constructor(promises: Readonly<Record<string, string>>) {
    this.#promises = promises;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunStart(specifications: readonly TestSpecification[]): Promise<void> {
    this.#filtered = this.#vitest === undefined || (await isFiltered(this.#vitest, specifications));
  }

  onTestRunEnd(modules: readonly TestModule[]): void {
    const vitest = this.#vitest;
    if (vitest === undefined) return;
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const tests = cases.map((test) => outcome(test));
    for (const test of tests) {
      if (test.notRun !== undefined)
        vitest.logger.log(`${notRunPrefix}${test.title}: ${test.notRun}`);
    }
    if (this.#filtered) return;

    const suites = modules.flatMap((module) =>
      [...module.children.allSuites()].map((suite) => suite.name),
    );
    const { problems, unproven } = judge(this.#promises, tests, suites);
    for (const id of unproven)
      vitest.logger.log(`promises: ${id} could not be tested on this machine`);
    for (const problem of problems) vitest.logger.error(`promises: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else vitest.logger.log(`promises: all ${Object.keys(this.#promises).length} accounted for`);
  }
}

async function isFiltered(
  vitest: Vitest,
  specifications: readonly TestSpecification[],
): Promise<boolean> {
  if (process.env['PROMISES_GATE'] === 'always') return false;
  const { config } = vitest;
  if (config.watch || config.project.length > 0 || config.testNamePattern !== undefined)
    return true;
  if (config.shard !== undefined || config.tagsFilter !== undefined) return true;
  return specifications.length < (await vitest.globTestSpecifications()).length;
}
