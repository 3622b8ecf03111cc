import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NewId } from '@kheish/core-model';
import { openStore } from '@kheish/state-store';
import { ManualClock, systemRandom as random } from '@kheish/testkit';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { LendingCase, type LendingStep, lendingSteps } from '../testing/lending-case.ts';

const seed = Number(process.env['KHEISH_TEST_SEED'] ?? Date.now() % 2 ** 31);

const step: fc.Arbitrary<LendingStep> = fc.oneof(
  ...Object.entries(lendingSteps).map(([name, weight]) => ({
    arbitrary: fc.constant(name as keyof typeof lendingSteps),
    weight,
  })),
  { arbitrary: fc.record({ waitMs: fc.constantFrom(1, 20_000, 46_000, 60_000) }), weight: 4 },
);

let ids = 0;
const newId: NewId = (prefix) => `${prefix}_${(ids += 1)}`;

test('a call may be intended and begun as long as nothing it stands on was taken back, and on no other lease [holds credentials.lease_lifetime]', async () => {
  const path = mkdtempSync(join(tmpdir(), 'broker-'));
  const clock = new ManualClock();
  const store = openStore({ stateRoot: path, clock, newId, version: '1.0.0' });
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), async (steps) => {
        const made = await new LendingCase({ store, clock, newId, random }).create();
        for (const taken of steps) await made.take(taken);
      }),
      { seed, numRuns: 80 },
    );
    expect((await store.verify()).findings).toEqual([]);
  } finally {
    await store.close();
    rmSync(path, { recursive: true, force: true });
  }
});
