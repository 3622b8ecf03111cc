import { type EventOf, KheishError, type RecordedEvent, type RunState } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { defaultRunLimits } from '../decide/rules.ts';
import { summaryPrompt } from '../prompt/summary-request.ts';
import { tool } from '../testing/acting-tool.ts';
import { type ModelTurn, call, text } from '../testing/fake-model.ts';
import { JournalJudge } from '../testing/journal-judge.ts';
import { EngineRoot, type RunningEngine, settled } from '../testing/running-engine.ts';
import { sessionView } from '../view/session-view.ts';

const WINDOW = 8_000;
/** Four of these, which are a thousand tokens each, do not fit. */
const long = (word: string) => `${word} `.repeat(3_000 / (word.length + 1));

const isSummary = (turn: ModelTurn) => turn.request.system === summaryPrompt;
const tooLong = () => new KheishError('models/context_exceeded', 'too many tokens');

/** A daemon whose model answers in short, and makes summaries as the test wants. */
async function speaking(
  root: EngineRoot,
  options: {
    window?: number;
    summarize?: (turn: ModelTurn) => void;
    answer?: (turn: ModelTurn) => void;
    output?: string;
  } = {},
): Promise<RunningEngine> {
  const output = options.output ?? 'x'.repeat(3_000);
  const daemon = await root.start({
    callPolicy: { retries: 0 },
    tools: [tool(() => Promise.resolve({ content: output }))],
    routes: { contextWindow: () => options.window ?? WINDOW },
  });
  daemon.model.reply = (turn) => {
    if (isSummary(turn)) (options.summarize ?? ((each) => each.answer(text('in short'))))(turn);
    else (options.answer ?? ((each) => each.answer(text('done'))))(turn);
  };
  return daemon;
}

function journal(daemon: RunningEngine): RecordedEvent[] {
  const { rows } = daemon.store.feed.page({ after: 0, limit: 1_000 });
  return rows.map(({ body }) => JSON.parse(body) as RecordedEvent);
}

function ofType<T extends RecordedEvent['type']>(daemon: RunningEngine, type: T) {
  return journal(daemon).filter(
    (event): event is EventOf<T> & RecordedEvent => event.type === type,
  );
}

async function ask(daemon: RunningEngine, content: string): Promise<RunState> {
  const { run_id } = await daemon.submit('s', content);
  return daemon.ended(run_id);
}

async function askAll(daemon: RunningEngine, ...words: readonly string[]): Promise<void> {
  for (const word of words)
    expect(await ask(daemon, long(word))).toMatchObject({ status: 'completed' });
}

const lastPrompt = (daemon: RunningEngine) =>
  daemon.model.turns.findLast((turn) => !isSummary(turn))?.request.messages ?? [];

/** The journal holds together, and the tables are what it makes. */
async function sound(daemon: RunningEngine): Promise<void> {
  const judge = new JournalJudge(defaultRunLimits);
  for (const event of journal(daemon)) judge.read(event);
  expect((await daemon.store.verify()).findings).toEqual([]);
}

test('what is too long is summarised before the call, and stays in the transcript [holds context.compaction]', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root);
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three', 'four');

  const [compacted] = ofType(daemon, 'context_compacted');
  if (compacted === undefined) throw new Error('nothing was compacted');
  expect(compacted.method).toBe('summary');
  expect(compacted.tokens_after).toBeLessThan(compacted.tokens_before);
  const [head, ...rest] = lastPrompt(daemon);
  expect(head).toMatchObject({ role: 'user', content: expect.stringContaining('in short') });
  expect(JSON.stringify(rest)).not.toContain('one one');
  expect(rest.at(-1)).toEqual({ role: 'user', content: long('four') });

  const summarized = daemon.model.turns.find(isSummary)?.request;
  expect(summarized).toMatchObject({ tools: [], messages: [{ role: 'user' }] });
  expect(JSON.stringify(summarized?.messages)).toContain('one one');
  expect(JSON.stringify(summarized?.messages)).not.toContain('four four');

  expect(daemon.store.read.messages('s', { from: 0, limit: 9 })).toHaveLength(8);
  const session = daemon.store.read.session('s');
  if (session === undefined) throw new Error('no session');
  expect(sessionView(session).compaction).toEqual({ count: 1, boundary: compacted.boundary });
  await sound(daemon);
});

test('is no step, and is accounted for', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root, {
    summarize: (turn) =>
      turn.answerWith({ input_tokens: 700, output_tokens: 30 }, text('in short')),
  });
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three');
  const run = await ask(daemon, long('four'));
  expect(run).toMatchObject({ step: 1, usage: { input_tokens: 700, output_tokens: 30 } });
  const intent = ofType(daemon, 'action_intended').find(({ kind }) => kind === 'compaction');
  expect(intent).toMatchObject({
    effect: 'repeatable',
    step: 0,
    reservation: { output_tokens: 4_096 },
  });
});

test('the same bytes are sent after a restart, and by every later step until the next compaction', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root);
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three', 'four');
  const before = JSON.stringify(lastPrompt(daemon)).slice(0, -1);
  await daemon.stop();

  const later = await speaking(root);
  expect(await ask(later, 'and?')).toMatchObject({ status: 'completed' });
  expect(ofType(later, 'context_compacted')).toHaveLength(1);
  expect(JSON.stringify(lastPrompt(later)).slice(0, before.length)).toBe(before);
});

test('old outputs of tools go before old turns, without a call of the model', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root, {
    window: 31_192,
    output: 'x'.repeat(6_000),
    answer: (turn) => {
      const done = turn.request.messages.filter(({ role }) => role === 'tool').length;
      if (done < 12) turn.answer(call(`c${done}`, 'act', {}));
      else turn.answer(text('done'));
    },
  });
  await daemon.engine.createSession({ session_id: 's' });
  expect(await ask(daemon, 'act')).toMatchObject({ status: 'completed', step: 13 });
  expect(ofType(daemon, 'context_compacted')).toMatchObject([{ method: 'outputs', boundary: 0 }]);
  const outputs = lastPrompt(daemon).flatMap((message) =>
    message.role === 'tool' ? [message.content.length] : [],
  );
  expect(outputs.filter((length) => length === 6_000)).toHaveLength(5);
  expect(Math.min(...outputs)).toBeLessThan(1_200);
  expect(daemon.model.turns.some(isSummary)).toBe(false);
  await sound(daemon);
});

test('in a long run what was asked stays whole, and so does its last step', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root, {
    answer: (turn) => {
      const { messages } = turn.request;
      const last = messages.findLast(({ role }) => role === 'tool');
      const done = last?.role === 'tool' ? Number(last.tool_call_id.slice(1)) : 0;
      if (done < 9) turn.answer(call(`c${done + 1}`, 'act', {}));
      else turn.answer(text('done'));
    },
  });
  await daemon.engine.createSession({ session_id: 's' });
  expect(await ask(daemon, 'what was asked')).toMatchObject({ status: 'completed', step: 10 });
  expect(ofType(daemon, 'context_compacted').length).toBeGreaterThan(1);
  expect(ofType(daemon, 'context_compacted').at(-1)).toMatchObject({ request: 0 });
  const prompt = lastPrompt(daemon);
  expect(prompt[1]).toEqual({ role: 'user', content: 'what was asked' });
  expect(prompt.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'c9' });
  await sound(daemon);
});

test('a summary that there is stays where there is no newer one', async () => {
  await using root = new EngineRoot();
  let summaries = 0;
  const daemon = await speaking(root, {
    summarize: (turn) => {
      summaries += 1;
      if (summaries === 1) turn.answer(text('in short'));
      else turn.fail(tooLong());
    },
  });
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three', 'four', 'five', 'six', 'seven');
  const [first, second] = ofType(daemon, 'context_compacted');
  expect(second).toMatchObject({ method: 'cut', summarized: first?.boundary });
  const [head] = lastPrompt(daemon);
  expect(head).toMatchObject({ content: expect.stringMatching(/in short.*left out unread/s) });
  await sound(daemon);
});

describe('a failed summary', () => {
  test.each<[string, (turn: ModelTurn) => void]>([
    ['an error of the provider', (turn) => turn.fail(new KheishError('models/unavailable', 'no'))],
    ['a prompt that is too long', (turn) => turn.fail(tooLong())],
    ['a bug', (turn) => turn.fail(new Error('a bug'))],
    ['nothing', (turn) => turn.answer(text(' \n'))],
    ['a call of a tool', (turn) => turn.answer(call('c', 'act', {}))],
  ])('by %s does not fail the run [holds context.failed_compaction]', async (_what, summarize) => {
    await using root = new EngineRoot();
    const daemon = await speaking(root, { summarize });
    await daemon.engine.createSession({ session_id: 's' });
    await askAll(daemon, 'one', 'two', 'three', 'four');
    expect(ofType(daemon, 'context_compacted')).toMatchObject([{ method: 'cut', summarized: 0 }]);
    const [head, ...rest] = lastPrompt(daemon);
    expect(head).toMatchObject({
      content: expect.stringMatching(/\d messages .* left out unread/),
    });
    expect(JSON.stringify(rest)).not.toContain('one one');
    await sound(daemon);
  });
});

/** A provider that takes so many characters of messages. */
const taking = (characters: number) => (turn: ModelTurn) => {
  if (JSON.stringify(turn.request.messages).length > characters) turn.fail(tooLong());
  else turn.answer(text('done'));
};

describe('a prompt that the provider refuses as too long', () => {
  test('is shortened until it is taken, and later ones keep below [holds context.recovered]', async () => {
    await using root = new EngineRoot();
    const daemon = await speaking(root, { window: 1_000_000, answer: taking(8_000) });
    await daemon.engine.createSession({ session_id: 's' });
    await askAll(daemon, 'one', 'two', 'three');
    const refused = ofType(daemon, 'context_limited').length;
    expect(refused).toBeGreaterThan(0);
    await askAll(daemon, 'four', 'five', 'six', 'seven');
    expect(ofType(daemon, 'context_limited')).toHaveLength(refused);
    expect(ofType(daemon, 'context_compacted').length).toBeGreaterThan(1);
    await sound(daemon);
  });

  test('fails the run once nothing is left to shorten, and the session stays usable', async () => {
    await using root = new EngineRoot();
    const daemon = await speaking(root, { window: 1_000_000, answer: taking(2_000) });
    await daemon.engine.createSession({ session_id: 's' });
    expect(await ask(daemon, 'short')).toMatchObject({ status: 'completed' });
    expect(await ask(daemon, long('one'))).toMatchObject({
      status: 'failed',
      error: { domain: 'models', code: 'context_exceeded' },
    });
    expect(await ask(daemon, 'short again')).toMatchObject({ status: 'completed' });
    await sound(daemon);
  });
});

test('a cancel ends a compaction, and what it left is done later', async () => {
  await using root = new EngineRoot();
  let silent = true;
  const daemon = await speaking(root, {
    summarize: (turn) => silent || turn.answer(text('in short')),
  });
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three');
  const { run_id } = await daemon.submit('s', long('four'));
  await settled('the summary', () => daemon.model.turns.some(isSummary));
  await daemon.engine.cancelRun(run_id);
  expect(await daemon.ended(run_id)).toMatchObject({ status: 'cancelled', step: 0 });
  expect(daemon.model.turns.find(isSummary)?.signal.aborted).toBe(true);
  silent = false;
  await askAll(daemon, 'five');
  expect(ofType(daemon, 'context_compacted')).toHaveLength(1);
  await sound(daemon);
});

test('a compaction that died with the daemon is done again', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root, { summarize: () => undefined });
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three');
  const { run_id } = await daemon.submit('s', long('four'));
  await settled('the summary', () => daemon.model.turns.some(isSummary));
  await daemon.die();
  const next = await speaking(root);
  await next.engine.recover();
  expect(await next.ended(run_id)).toMatchObject({ status: 'completed', step: 1 });
  expect(ofType(next, 'context_compacted')).toMatchObject([{ method: 'summary' }]);
  await sound(next);
});

test('deleting the session erases the summary', async () => {
  await using root = new EngineRoot();
  const daemon = await speaking(root);
  await daemon.engine.createSession({ session_id: 's' });
  await askAll(daemon, 'one', 'two', 'three', 'four');
  const [compacted] = ofType(daemon, 'context_compacted');
  if (compacted?.summary === undefined) throw new Error('there is no summary');
  expect(await daemon.store.blobs.text('s', compacted.summary)).toBe('in short');
  await daemon.engine.deleteSession('s');
  await expect(daemon.store.blobs.text('s', compacted.summary)).rejects.toThrow();
  expect(ofType(daemon, 'context_compacted')[0]?.summary).toHaveProperty('erased');
  expect(daemon.store.read.session('s')).not.toHaveProperty('compaction');
  await sound(daemon);
});

test('a call that the provider names as one before it gets a name of its own', async () => {
  await using root = new EngineRoot();
  let steps = 0;
  const daemon = await speaking(root, {
    answer: (turn) => {
      steps += 1;
      if (steps <= 8) turn.answer(call('same', 'act', {}));
      else turn.answer(text('done'));
    },
  });
  await daemon.engine.createSession({ session_id: 's' });
  expect(await ask(daemon, 'act')).toMatchObject({ status: 'completed' });
  for (const { request } of daemon.model.turns.filter((turn) => !isSummary(turn)).slice(-3)) {
    const ids = request.messages.flatMap((message) =>
      message.role === 'tool' ? [message.tool_call_id] : [],
    );
    expect(new Set(ids).size).toBe(ids.length);
  }
});
