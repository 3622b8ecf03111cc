/** What the gate needs to know of one test that was run. */
export interface TestOutcome {
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped' | 'pending';
  /** Why the test could not run on this machine, where it said so. */
  readonly notRun?: string | undefined;
}

export interface Verdict {
  /** Each of these fails the run. */
  readonly problems: readonly string[];
  /** Promises that this machine could not put to the test. */
  readonly unproven: readonly string[];
}

const holds = /\[holds ([^\]]*)\]/g;

/** The ids that a test's title says it holds. */
export function heldIds(title: string): string[] {
  return [...title.matchAll(holds)].flatMap((match) =>
    (match[1] ?? '')
      .split(',')
      .map((id) => id.trim())
      .filter((id) => id !== ''),
  );
}

/** Judges a full run: every promise held by a passing test, every id named by a test known. */
export function judge(
  promises: Readonly<Record<string, string>>,
  tests: readonly TestOutcome[],
  suites: readonly string[] = [],
): Verdict {
  const problems: string[] = [];
  const passed = new Set<string>();
  const excused = new Set<string>();

  for (const suite of suites) {
    if (heldIds(suite).length > 0) {
      problems.push(`the suite "${suite}" names a promise; only a test can hold one`);
    }
  }
  for (const test of tests) {
    for (const id of heldIds(test.title)) {
      if (!Object.hasOwn(promises, id))
        problems.push(`the test "${test.title}" names the unknown promise ${id}`);
      if (test.state === 'passed') passed.add(id);
      if (test.state === 'skipped' && test.notRun !== undefined) excused.add(id);
    }
  }

  const unproven: string[] = [];
  for (const [id, sentence] of Object.entries(promises)) {
    if (passed.has(id)) continue;
    if (excused.has(id)) unproven.push(id);
    else problems.push(`no passing test holds ${id}: ${sentence}`);
  }
  return { problems, unproven };
}
