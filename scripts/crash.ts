import { parseArgs } from 'node:util';
import { runTool } from './tools.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '500' }, seed: { type: 'string' } },
});
const env = {
  CRASH_KILLS: values.kills,
  ...(values.seed !== undefined && { CRASH_SEED: values.seed }),
};
const args = ['run', '--project', 'system', 'tests/kills/random-kills.test.ts'];
const { ok } = await runTool('vitest', args, 'show', env);
process.exitCode = ok ? 0 : 1;
