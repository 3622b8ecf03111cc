import { CredentialBroker } from '@kheish/auth-store';
import type { EventOf } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine } from '../testing/running-engine.ts';

const acting = tool(() => Promise.resolve({ content: 'acted' }));

/** An engine whose routes have their key in a slot, with a session. */
async function started(root: EngineRoot) {
  const daemon = await root.start({ tools: [acting], routes: { slotId: () => 'main.prod' } });
  await daemon.engine.createSession({ session_id: 's' });
  const { clock, newId } = root;
  const broker = new CredentialBroker({ store: daemon.store, clock, newId });
  const revoke = () => daemon.store.commit(broker.revokeSubject('session:s'));
  const restore = () => daemon.store.commit(broker.restoreSubject('session:s'));
  return { daemon, revoke, restore };
}

function intents({ store }: RunningEngine): EventOf<'action_intended'>[] {
  const { rows } = store.feed.page({ after: 0, limit: 1_000 });
  return rows
    .filter(({ type }) => type === 'action_intended')
    .map(({ body }) => JSON.parse(body) as EventOf<'action_intended'>)
    .filter(({ kind }) => kind === 'model_call');
}

describe('a session that is revoked', () => {
  test('takes no input, and its run that is under way ends at its next call', async () => {
    await using root = new EngineRoot();
    const { daemon, revoke, restore } = await started(root);
    const { run_id: runId } = await daemon.submit('s');
    const turn = await daemon.turn(1);
    await revoke();
    turn.answer(call('c1', 'act', {}));
    const { status, error } = await daemon.ended(runId);
    expect({ status, ...error }).toMatchObject({
      status: 'failed',
      domain: 'credentials',
      code: 'subject_revoked',
      detail: expect.stringContaining('runtime auth restore-subject session:s') as unknown,
    });
    expect(daemon.model.turns).toHaveLength(1);
    await expect(daemon.submit('s')).rejects.toMatchObject({
      code: 'credentials/subject_revoked',
      status: 403,
    });
    expect(daemon.store.read.runs({ limit: 10, order: 'asc' })).toHaveLength(1);

    await restore();
    daemon.model.reply = (next) => next.answer(text('done'));
    expect(await daemon.ended((await daemon.submit('s')).run_id)).toMatchObject({
      status: 'completed',
    });
  });

  test('has its queue come to an end, without a call', async () => {
    await using root = new EngineRoot();
    const { daemon, revoke } = await started(root);
    const first = await daemon.submit('s');
    const waiting = [];
    for (let count = 0; count < 4; count += 1) waiting.push((await daemon.submit('s')).run_id);
    const turn = await daemon.turn(1);
    await revoke();
    turn.answer(text('done'));
    expect(await daemon.ended(first.run_id)).toMatchObject({ status: 'completed' });
    for (const runId of waiting) {
      expect((await daemon.ended(runId)).error).toMatchObject({ code: 'subject_revoked' });
    }
    expect(daemon.model.turns).toHaveLength(1);
    expect((await daemon.store.verify()).findings).toEqual([]);
  });
});

describe('the credential scope of a session', () => {
  test('refuses an input for a route outside, and holds a run from its next call on [holds credentials.scope]', async () => {
    await using root = new EngineRoot();
    const { daemon } = await started(root);
    const { engine } = daemon;
    const blocked = { code: 'runtime/route_blocked_by_credential_scope', status: 400 };
    await engine.setCredentialScope('s', { route_allow: ['other'] });
    await expect(daemon.submit('s')).rejects.toMatchObject(blocked);
    const { run_id: elsewhere } = await daemon.submit('s', { content: 'q', route_id: 'other' });
    (await daemon.turn(1)).answer(text('done'));
    expect(await daemon.ended(elsewhere)).toMatchObject({ status: 'completed' });

    await engine.setCredentialScope('s', null);
    const { run_id: runId } = await daemon.submit('s');
    const turn = await daemon.turn(2);
    await engine.setCredentialScope('s', { route_deny: ['main'] });
    turn.answer(call('c1', 'act', {}));
    expect((await daemon.ended(runId)).error).toMatchObject({
      code: 'route_blocked_by_credential_scope',
    });
    expect(daemon.model.turns).toHaveLength(2);
  });

  test('is shown as it was set, and with what it implies', async () => {
    await using root = new EngineRoot();
    const { daemon } = await started(root);
    const scope = { connector_allow: ['mail'] };
    expect(await daemon.engine.setCredentialScope('s', scope)).toMatchObject({
      credential_scope: scope,
      effective_credential_scope: { ...scope, connector_credential_allow: [] },
    });
    const cleared = await daemon.engine.setCredentialScope('s', null);
    expect(cleared).not.toHaveProperty('credential_scope');
    expect(cleared).not.toHaveProperty('effective_credential_scope');
  });

  test('is part of what a session was created with', async () => {
    await using root = new EngineRoot();
    const { daemon } = await started(root);
    const create = (credential_scope?: object) =>
      daemon.engine.createSession({
        session_id: 'scoped',
        ...(credential_scope && { credential_scope }),
      });
    await create({ route_allow: ['main', 'other'] });
    await create({ route_allow: ['other', 'main', 'main'] });
    await create();
    await expect(create({ route_allow: ['main'] })).rejects.toMatchObject({
      code: 'sessions/session_conflict',
    });
    await expect(create({})).rejects.toMatchObject({ code: 'sessions/session_conflict' });
  });
});

test('most calls are intended with the lease that is there', async () => {
  await using root = new EngineRoot();
  const { daemon } = await started(root);
  const leases = new Set<string>();
  const { run_id: runId } = await daemon.submit('s');
  for (const [step, waitMs, issued] of [
    [1, 10_000, 1],
    [2, 20_000, 1],
    [3, 1, 1],
    [4, 60_001, 2],
    [5, 0, 3],
  ] as const) {
    const turn = await daemon.turn(step);
    const { grant_id: grantId = '' } = intents(daemon).at(-1) ?? {};
    leases.add(daemon.store.read.authority.newestLease(grantId)?.lease.id ?? '');
    expect({ step, issued: leases.size }).toEqual({ step, issued });
    root.clock.advance(waitMs);
    turn.answer(...(step === 5 ? [text('done')] : [call(`c${step}`, 'act', {})]));
  }
  await daemon.ended(runId);
  const grants = new Set(intents(daemon).map(({ grant_id }) => grant_id));
  expect([...grants]).toEqual([expect.stringMatching(/^grant_[0-9a-f]{64}$/)]);
});
