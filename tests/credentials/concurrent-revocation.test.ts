import { expect, test } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { SeededChance, crashSeed } from '../harness/seeded-chance.ts';
import { Lending } from './lending.ts';
import { startLoopingProvider } from './looping-provider.ts';

const ROUNDS = Number(process.env['REVOCATION_ROUNDS'] ?? 5);

test('no call begins after a revocation was acknowledged, whenever it comes [holds credentials.no_call_after_revoke]', async () => {
  const chance = new SeededChance(crashSeed());
  console.log(`CRASH_SEED=${chance.seed}`);
  using box = sandbox();
  await using provider = await startLoopingProvider(() => chance.between(0, 3) > 0);
  await using root = new Lending(box, provider.url);
  await root.sealOffline('key-0');
  await root.restart();
  const { client } = root;
  const begin = async (talk: string) => {
    await client.sessions.create({ session_id: talk });
    return client.sessions.submit(talk, talk);
  };

  for (let round = 1; round <= ROUNDS; round += 1) {
    const talk = `talk-${round * 10}`;
    const beside = `talk-${round * 10 + 1}`;
    const isSlot = chance.between(0, 3) === 0;
    const runs = await Promise.all([begin(talk), begin(beside)]);
    await provider.hear(talk, chance.between(0, 4));
    for (let turns = chance.between(0, 30); turns > 0; turns -= 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    const { auth } = client.runtime;
    await (isSlot ? auth.revokeSlot('main.prod') : auth.revokeSubject(`session:${talk}`));
    await provider.caughtUp();
    const revoked = isSlot ? [talk, beside] : [talk];
    const calls = revoked.map(provider.callsOf);
    provider.end(beside);

    const [run, other] = await Promise.all(
      runs.map(({ run_id }) => client.runs.wait(run_id, { timeoutMs: 10_000 })),
    );
    const code = isSlot ? 'slot_revoked' : 'subject_revoked';
    expect(run?.error).toMatchObject({ domain: 'credentials', code });
    if (isSlot) expect(other?.error).toMatchObject({ code });
    else expect(other?.status).toBe('completed');
    await provider.caughtUp();
    expect({ round, isSlot, calls: revoked.map(provider.callsOf) }).toEqual({
      round,
      isSlot,
      calls,
    });
    if (isSlot) await root.seal(`key-${round}`);
  }
});
