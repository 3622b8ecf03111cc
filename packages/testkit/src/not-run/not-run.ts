import { TestRunner } from 'vitest';

/**
 * Ends the running test as not run, for what this machine lacks. Where everything must run (`CI=true`) it fails instead.
 */
export function notRun(reason: string): never {
  const note = `not run: ${reason}`;
  const test = TestRunner.getCurrentTest();
  if (process.env['CI'] === 'true' || test === undefined) throw new Error(note);
  return test.context.skip(note);
}
