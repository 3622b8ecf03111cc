import { parseArgs } from 'node:util';
import { runTool } from './tools.ts';

const { values } = parseArgs({ options: { seed: { type: 'string' } } });
const env = {
  FAULT_POINTS: 'all',
  ...(values.seed !== undefined && { CRASH_SEED: values.seed }),
};
const args = ['run', '--project', 'system', 'tests/faults'];
const { ok } = await runTool('vitest', args, 'show', env);
process.exitCode = ok ? 0 : 1;
