import { afterEach, describe, expect, it, vi } from 'vitest';
import { notRun } from './not-run.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('notRun', () => {
  it('fails the test where everything must run', () => {
    vi.stubEnv('CI', 'true');
    expect(() => notRun('no such program')).toThrow('not run: no such program');
  });
});
