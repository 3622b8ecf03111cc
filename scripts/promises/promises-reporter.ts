import type { Reporter, TestCase, TestModule, Vitest } from 'vitest/node';
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

/** Fails a full run whose tests do not hold what `promises` says; says nothing in a filtered run. */
export class PromisesReporter implements Reporter {
  readonly #promises: Readonly<Record<string, string>>;
  #vitest: Vitest | undefined;

  constructor(promises: Readonly<Record<string, string>>) {
    this.#promises = promises;
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest;
  }

  async onTestRunEnd(modules: readonly TestModule[]): Promise<void> {
    const vitest = this.#vitest;
    if (vitest === undefined) return;
    const cases = modules.flatMap((module) => [...module.children.allTests()]);
    const tests = cases.map((test) => outcome(test));
    for (const test of tests) {
      if (test.notRun !== undefined) vitest.logger.log(`${notRunPrefix}${test.title}: ${test.notRun}`);
    }
    if (await this.#isFiltered(vitest, modules)) return;

    const suites = modules.flatMap((module) => [...module.children.allSuites()].map((suite) => suite.name));
    const { problems, unproven } = judge(this.#promises, tests, suites);
    for (const id of unproven) vitest.logger.log(`promises: ${id} could not be tested on this machine`);
    for (const problem of problems) vitest.logger.error(`promises: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }

  async #isFiltered(vitest: Vitest, modules: readonly TestModule[]): Promise<boolean> {
    const { config } = vitest;
    if (config.watch || config.project.length > 0 || config.testNamePattern !== undefined) return true;
    const ran = new Set(modules.map((module) => `${module.project.name}:${module.moduleId}`));
    const all = await vitest.globTestSpecifications();
    return all.some((spec) => !ran.has(`${spec.project.name}:${spec.moduleId}`));
  }
}
