import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runTool } from '../scripts/tools.ts';

const fixture = join(dirname(import.meta.filename), 'fixtures', 'promises');
const both = { 'a.one': 'One.', 'a.two': 'Two.' };

async function run(promises: Record<string, string>, args: string[] = [], ci = 'false') {
  const env = { PROMISES: JSON.stringify(promises), CI: ci, NO_COLOR: '1', PROMISES_GATE: '' };
  return runTool('vitest', ['run', '--root', fixture, ...args], 'collect', env);
}

describe('the gate over a full run', () => {
  it('passes when every promise is held', async () => {
    const { ok, output } = await run(both);
    expect(output).toContain(
      'not run: needs another machine [holds a.two]: this machine has no moon',
    );
    expect(output).toContain('a.two could not be tested on this machine');
    expect(output).toContain('promises: all 2 accounted for');
    expect(ok).toBe(true);
  });

  it('fails when a promise is held by no test [holds promises.are_held]', async () => {
    const { ok, output } = await run({ ...both, 'a.three': 'Three.' });
    expect(output).toContain('no passing test holds a.three: Three.');
    expect(ok).toBe(false);
  });

  it('fails when a test names an unknown promise', async () => {
    const { ok, output } = await run({ 'a.two': 'Two.' });
    expect(output).toContain('names the unknown promise a.one');
    expect(ok).toBe(false);
  });

  it('fails in CI when a test cannot run', async () => {
    const { ok, output } = await run(both, [], 'true');
    expect(output).toContain('no passing test holds a.two: Two.');
    expect(ok).toBe(false);
  });
});

describe('the gate over a filtered run', () => {
  it.each([[['held']], [['-t', 'holds what it says']]])('is silent for %s', async (args) => {
    const { ok, output } = await run({ ...both, 'a.three': 'Three.' }, args);
    expect(output).not.toContain('promises:');
    expect(ok).toBe(true);
  });
});
