// `npm run test:crash -- --kills N --seed S`: kills at every boundary, and N at random under load.
import { parseArgs } from 'node:util';
import { runTool } from './tools.ts';

const { values } = parseArgs({
  options: { kills: { type: 'string', default: '500' }, seed: { type: 'string' } },
});
const env = {
  CRASH_KILLS: values.kills,
  ...(values.seed !== undefined && { CRASH_SEED: values.seed }),
};
// Also at every occurrence of every boundary that has a name.
const files = [
  'tests/kills/boundaries.test.ts',
  'tests/kills/random-kills.test.ts',
  'tests/governed/kills.test.ts',
  'tests/governed/random-kills.test.ts',
];
const args = ['run', '--project', 'system', ...files];
const { ok } = await runTool('vitest', args, 'show', env);
process.exitCode = ok ? 0 : 1;
