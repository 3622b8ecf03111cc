import type { ProblemCode } from '@kheish/core-model';
import type { FakeTurn } from '@kheish/testkit';
import { describe, expect, test } from 'vitest';
import { all } from '../harness/soundness.ts';
import { within } from '../harness/until.ts';
import { wireProtocols } from '../harness/wire-protocols.ts';
import { conversation } from './conversation.ts';

const garbage: FakeTurn = { raw: ['data: {"nonsense', '\n\ndata: \u0000\u0001\n\n'] };
const cut: FakeTurn = { text: ['half ', 'of it'], cutAfterBytes: 250 };
const call = (name: string, input: string): FakeTurn => ({
  toolCalls: [{ id: 'call_1', name, arguments: input }],
});

/** A hang is told by real time: long enough that a busy machine is not taken for one. */
const INACTIVITY_MS = 1_500;

/** What a provider may do, each time that it is asked, how the run then ends, and after how many calls. */
const failures: [what: string, turn: FakeTurn, code: ProblemCode, calls: number][] = [
  ['answers 401', { status: 401 }, 'models/authentication_failed', 1],
  ['answers 408', { status: 408 }, 'models/timeout', 3],
  ['answers 429', { status: 429, headers: { 'retry-after': '0' } }, 'models/rate_limited', 3],
  ['answers 500', { status: 500 }, 'models/unavailable', 3],
  ['answers 529', { status: 529 }, 'models/overloaded', 3],
  [
    'finds the prompt too long',
    { status: 400, body: { error: { message: 'prompt is too long: 9 tokens > 8 maximum' } } },
    'models/context_exceeded',
    1,
  ],
  ['hangs before its headers', { hang: 'before_headers' }, 'models/timeout', 1],
  ['hangs after its headers', { hang: 'after_headers' }, 'models/timeout', 1],
  ['breaks the connection', cut, 'models/stream_cut', 3],
  ['sends garbage', garbage, 'models/malformed_response', 3],
  [
    'sends a page',
    { raw: ['<html>not here</html>'], contentType: 'text/html' },
    'models/malformed_response',
    3,
  ],
];

const recoveries: [what: string, turn: FakeTurn][] = [
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
  ['500', { status: 500 }],
  ['a hang', { hang: 'after_headers' }],
  ['a cut', cut],
  ['garbage', garbage],
];

describe.each(wireProtocols)('a provider of $driver', (wire) => {
  test.each(failures)(
    'that %s fails the run and not the session [holds models.faults_are_typed]',
    async (_what, turn, code, calls) => {
      const hasty = 'hang' in turn && { inactivityMs: INACTIVITY_MS, retries: 0 };
      await using talk = await conversation(wire, { ...hasty });
      talk.provider.respondWith(Array.from({ length: calls }, () => turn));
      const run = await talk.ask('Well?');
      const [domain, short] = code.split('/');
      expect(run).toMatchObject({ status: 'failed', error: { domain, code: short }, outputs: [] });
      expect(talk.provider.requests).toHaveLength(calls);
      for (const request of talk.provider.requests) await within('its end', request.ended);
      await talk.expectUsable();
    },
  );

  test.each(recoveries)('is asked again after %s', async (_what, turn) => {
    const hasty = 'hang' in turn && { inactivityMs: INACTIVITY_MS };
    await using talk = await conversation(wire, { ...hasty });
    talk.provider.respondWith([turn, { text: 'Here I am.' }]);
    const run = await talk.ask('Well?');
    expect(run).toMatchObject({ status: 'completed', steps: 1 });
    expect(run.outputs.map(({ content }) => content)).toEqual(['Here I am.']);
    expect(talk.provider.requests).toHaveLength(2);
    await talk.expectUsable();
  });

  test('is told of broken arguments, or asked again where they end its answer', async () => {
    await using talk = await conversation(wire);
    talk.provider.respondWith([call('list_files', '{"path": '), { text: 'I see.' }]);
    const run = await talk.ask('Do it.');
    const steps = wire.argumentsInJson ? 1 : 2;
    expect(run).toMatchObject({ status: 'completed', steps, outputs: [{ content: 'I see.' }] });
    expect(talk.provider.requests).toHaveLength(2);
    const told = JSON.stringify(talk.provider.requests[1]?.conversation).includes('JSON object');
    expect(told).toBe(!wire.argumentsInJson);
    await talk.expectUsable();
  });

  test.each([
    [
      'an image beside the text',
      { content: 'Look.', input_items: [{ type: 'image' }] },
      'unsupported_field',
    ],
    ['an image in the content', { content: [{ type: 'image' }] }, 'bad_request'],
  ])('gets no run with %s: it is refused with a code', async (_what, body, code) => {
    await using talk = await conversation(wire);
    const response = await fetch(`${talk.url}/v1/sessions/talk/runs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ domain: 'api', code });
    expect(talk.provider.requests).toHaveLength(0);
  });

  test.each([
    ['arguments that are no object', call('list_files', '[1]'), 'JSON object'],
    ['arguments that do not fit', call('read_file', '{"path": 7}'), 'path'],
    ['an unknown tool', call('launch_rockets', '{}'), 'There is no tool launch_rockets'],
  ])('is told of %s, and goes on', async (_what, turn, told) => {
    await using talk = await conversation(wire);
    talk.provider.respondWith([turn, { text: 'I see.' }]);
    const run = await talk.ask('Do it.');
    expect(run).toMatchObject({ status: 'completed', steps: 2, outputs: [{ content: 'I see.' }] });
    const answers = (await all(talk.client.sessions.messages('talk'))).flatMap((message) =>
      message.role === 'tool' ? [message] : [],
    );
    expect(answers).toMatchObject([{ tool_call_id: 'call_1', is_error: true }]);
    expect(answers[0]?.content).toContain(told);
    const sent = JSON.stringify(talk.provider.requests[1]?.body);
    expect(sent).toContain(JSON.stringify(answers[0]?.content).slice(1, -1));
    await talk.expectUsable();
  });
});
