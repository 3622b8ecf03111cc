import { KheishError } from '@kheish/core-model';
import { ManualClock } from '@kheish/testkit';
import { openStore } from '../store.ts';
import { created, recording } from './commands.ts';

// Commits groups of three and prints those that are acknowledged, until a group is refused.
const [stateRoot = ''] = process.argv.slice(2);
process.on('SIGXFSZ', () => undefined);
let ids = 0;
const store = openStore({
  stateRoot,
  clock: new ManualClock(),
  newId: (prefix) => `${prefix}_${(ids += 1)}`,
  version: '1.0.0',
});
const codeOf = (error: unknown) => (error instanceof KheishError ? error.code : String(error));

for (let round = 0; ; round += 1) {
  const group = [`${round}-a`, `${round}-b`, `${round}-c`];
  const results = await Promise.allSettled(
    group.map((id) => store.commit(recording(id, created(id, 'x'.repeat(16_000))))),
  );
  const refused = results.filter((result) => result.status === 'rejected');
  if (refused.length > 0) {
    const after = await store
      .commit(recording('later', created('later')))
      .then(() => 'stored', codeOf);
    const code = codeOf(refused[0]?.reason);
    process.stdout.write(`refused ${code} ${refused.length}, then ${after}\n`);
    break;
  }
  process.stdout.write(`${group.join(' ')}\n`);
}
process.exit(0);
