import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { expectSound } from '../harness/soundness.ts';
import { GovernedLoad } from './governed-load.ts';

/** `npm run test:crash -- --kills N` sets another number. */
const KILLS = Number(process.env['CRASH_KILLS'] ?? 6);

/** Two kills in a row, then everything must come to its end: after three without a step a run is given up. */
const KILLS_BEFORE_REST = 2;

const seed = crashSeed();

test(
  `${KILLS} random kills while runs are approved, denied, answered and cancelled carry nothing out twice, CRASH_SEED=${seed} [holds approvals.survive_kill]`,
  { timeout: 60_000 + KILLS * 10_000 },
  async () => {
    const chance = new SeededChance(seed);
    using box = sandbox();
    mkdirSync(box.workspaceRoot);
    const load = new GovernedLoad(chance, box);
    await using daemons = new AsyncDisposableStack();
    let daemon = daemons.use(await startDaemon({ sandbox: box }));
    for (let killed = 1; killed <= KILLS; killed += 1) {
      const stirred = load.stir(daemon);
      await sleep(chance.between(50, 500));
      await daemon.kill();
      await stirred;
      daemon = daemons.use(await startDaemon({ sandbox: box }));
      if (killed % KILLS_BEFORE_REST !== 0) continue;
      await load.settle(daemon);
      const client = createClient({ baseUrl: daemon.url });
      expect(await client.store.verify()).toMatchObject({ ok: true, findings: [] });
    }
    await expectSound(createClient({ baseUrl: daemon.url }));
  },
);
