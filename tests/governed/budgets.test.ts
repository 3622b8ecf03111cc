import type { RecordedEvent, RunView } from '@kheish/client-sdk';
import { type FakeProvider, startFakeProvider } from '@kheish/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { all } from '../harness/soundness.ts';
import { Operator } from './operator.ts';

/** What each model call uses. */
const INPUT = 20_000;
const OUTPUT = 100;

let operator: Operator;
let provider: FakeProvider;

/** Two calls of a tool, then an answer; a run thus makes three model calls. */
const answer = (body: object) => {
  const { messages } = body as { messages: { role: string }[] };
  const asked = messages.findLastIndex(({ role }) => role === 'user');
  const looked = messages.slice(asked).filter(({ role }) => role === 'tool').length;
  const usage = { input_tokens: INPUT, output_tokens: OUTPUT };
  if (looked === 2) return { text: 'done', usage };
  const call = { id: `call_${looked}`, name: 'list_files', arguments: { path: '.' } };
  return { toolCalls: [call], usage };
};

beforeAll(async () => {
  provider = await startFakeProvider({ protocol: 'chat-completions', answer });
  operator = await Operator.start((box) => ({
    routesFile: box.file(
      'priced.toml',
      ['priced', 'unpriced']
        .map(
          (name) =>
            `[routes.${name}]\ndriver = "openai_compatible"\nbase_url = "${provider.url}"\n`,
        )
        .join('default_model = "m"\nprices = { m = { input = 1, output = 10 } }\n')
        .replace(/^/, 'version = 1\ndefault_route = "priced"\n')
        .concat('default_model = "m"\n'),
    ),
  }));
});
afterAll(async () => {
  await operator[Symbol.asyncDispose]();
  await provider.close();
});
afterEach(() => operator.client.runtime.budgets.set({}));

const set = (budgets: object) =>
  operator.command(['runtime', 'budgets', 'set', '--stdin'], 0, JSON.stringify(budgets));

async function only(run: RunView) {
  const [view] = await operator.approvals(run.session_id);
  if (view?.request.kind !== 'budget') throw new Error('no budget is asked for');
  return view.request;
}

test('a run whose tokens are used up waits, goes on where it is allowed more, and fails where it is not [holds budgets.pause_and_ask]', async () => {
  await set({ run: { max_tokens: 30_000 } });
  const session = await operator.session();
  const waiting = await operator.input(session, 'go', 13);
  expect(waiting.usage).toMatchObject({ input_tokens: INPUT, output_tokens: OUTPUT });
  const asked = await only(waiting);
  expect(asked).toMatchObject({ budget: 'run', unit: 'tokens', limit: 30_000, used: 20_100 });
  expect(asked.used + asked.needed).toBeGreaterThan(30_000);
  const calls = provider.requests.length;
  const allow = ['approvals', 'allow', session, asked.id, '--wait'];
  const again = (await operator.command(allow, 13)).json;
  expect(provider.requests.length).toBe(calls + 1);
  const more = await only(again);
  expect(more).toMatchObject({ used: 40_200 });
  const deny = ['approvals', 'deny', session, more.id, '--wait'];
  expect((await operator.command(deny, 10)).json).toMatchObject({
    status: 'failed',
    error: { domain: 'budgets', code: 'budget_exceeded' },
  });
  expect(provider.requests.length).toBe(calls + 1);
});

test('an allowance is enough for the call that it was asked for, however small the budget', async () => {
  await set({ run: { max_tokens: 10 } });
  const waiting = await operator.run(await operator.session(), 'go');
  const asked = await only(waiting);
  const again = await operator.allow(waiting);
  expect((await only(again)).used).toBe(20_100);
  expect(asked.limit).toBe(10);
  await operator.client.runs.cancel(again.run_id);
});

test('a budget in money bounds models that have a price', async () => {
  await set({ session: { max_cost_usd: 0.12 } });
  const session = await operator.session();
  const waiting = await operator.run(session, 'go');
  expect(waiting).toMatchObject({
    status: 'waiting_for_approval',
    cost: { usd_micros: 21_000, unpriced_calls: 0 },
  });
  const asked = await only(waiting);
  expect(asked).toMatchObject({
    budget: 'session',
    unit: 'usd_micros',
    limit: 120_000,
    used: 21_000,
  });
  const run = await operator.allow(waiting);
  expect(run).toMatchObject({ status: 'completed', cost: { usd_micros: 63_000 } });
  expect(await operator.client.sessions.get(session)).toMatchObject({
    cost: { usd_micros: 63_000, unpriced_calls: 0 },
    usage: { input_tokens: 3 * INPUT, output_tokens: 3 * OUTPUT },
  });
});

test('where a model has no price, tokens are counted and the money is said to be unknown [holds budgets.unknown_price]', async () => {
  await set({ run: { max_cost_usd: 0.000001 } });
  const session = await operator.session();
  const args = ['sessions', 'input', session, 'go', '--provider', 'unpriced', '--wait'];
  expect((await operator.command(args)).json).toMatchObject({
    status: 'completed',
    usage: { input_tokens: 3 * INPUT },
    cost: { usd_micros: 0, unpriced_calls: 3 },
  });
});

test('the budget of the day holds over sessions at once, whatever they ask for at the same time [holds budgets.never_overspent]', async () => {
  const limit = 1_000_000;
  await set({ day: { max_tokens: limit } });
  const sessions = await Promise.all(Array.from({ length: 16 }, () => operator.session()));
  const runs = await Promise.all(sessions.map((session) => operator.run(session, 'go')));
  const waiting = runs.filter(({ status }) => status === 'waiting_for_approval');
  // Not too little for anyone, and not enough for all.
  expect(waiting.length).toBeGreaterThan(0);
  const [lucky, ...others] = waiting;
  if (lucky !== undefined) await operator.allow(lucky);
  await operator.command(['approvals', 'deny-all', '--wait'], 10);
  const rest = await Promise.all(others.map(({ run_id }) => operator.client.runs.get(run_id)));
  expect(rest.map(({ status }) => status)).toEqual(rest.map(() => 'failed'));

  const events = (await all(operator.client.runs.list({ limit: 100 }))).map(({ run_id }) =>
    operator.events(run_id),
  );
  expectWithin(
    limit,
    (await Promise.all(events)).flat().toSorted((a, b) => a.seq - b.seq),
  );
});

/** At no moment is more spent or put aside than the limit, but for runs that were allowed more. */
function expectWithin(limit: number, events: readonly RecordedEvent[]): void {
  const extended = new Set<string>();
  const reserved = new Map<string, number>();
  let used = 0;
  let calls = 0;
  for (const event of events) {
    if (event.type === 'approval_resolved' && event.behavior === 'allow')
      extended.add(event.run_id);
    if (event.type === 'action_intended' && event.reservation !== undefined) {
      const { input_tokens, output_tokens } = event.reservation;
      reserved.set(event.action_id, input_tokens + output_tokens);
      used += input_tokens + output_tokens;
      calls += 1;
      if (!extended.has(event.run_id)) expect(used).toBeLessThanOrEqual(limit);
    } else if (event.type === 'action_settled' && reserved.has(event.action_id)) {
      const { input_tokens = 0, output_tokens = 0 } = event.usage ?? {};
      used += input_tokens + output_tokens - (reserved.get(event.action_id) ?? 0);
      reserved.delete(event.action_id);
    }
  }
  expect(calls).toBeGreaterThan(16);
  expect(reserved.size).toBe(0);
}
