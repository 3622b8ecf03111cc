import type { ProblemCode } from '@kheish/core-model';
import type { FakeTurn } from '@kheish/testkit';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { callModel } from '../call/call-model.ts';
import { createModelDriver } from '../create-model-driver.ts';
import {
  KEY,
  lent,
  driverAndFake,
  hear,
  networkDrivers,
  realClock,
  requestOf,
  testEgress,
} from '../testing/drivers-under-test.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

const statuses: readonly (readonly [number, ProblemCode, boolean])[] = [
  [400, 'models/invalid_request', false],
  [401, 'models/authentication_failed', false],
  [402, 'models/quota_exhausted', false],
  [403, 'models/authentication_failed', false],
  [404, 'models/invalid_request', false],
  [408, 'models/timeout', true],
  [409, 'models/unavailable', true],
  [413, 'models/context_exceeded', false],
  [422, 'models/invalid_request', false],
  [429, 'models/rate_limited', true],
  [500, 'models/unavailable', true],
  [502, 'models/unavailable', true],
  [503, 'models/unavailable', true],
  [504, 'models/timeout', true],
  [529, 'models/overloaded', true],
];

const words: readonly (readonly [number, Record<string, string>, ProblemCode])[] = [
  [
    400,
    { type: 'invalid_request_error', message: 'prompt is too long: 9 > 8' },
    'models/context_exceeded',
  ],
  [400, { code: 'context_length_exceeded', message: 'x' }, 'models/context_exceeded'],
  [400, { message: "This model's maximum context length is 8 tokens" }, 'models/context_exceeded'],
  [400, { message: '`max_tokens` exceed context limit: 1 + 2 > 2' }, 'models/context_exceeded'],
  [400, { code: 'content_policy_violation', message: 'no' }, 'models/refused'],
  [429, { code: 'insufficient_quota', message: 'pay' }, 'models/quota_exhausted'],
  [503, { type: 'overloaded_error', message: 'busy' }, 'models/overloaded'],
  [500, { type: 'server_error', message: 'the context window is fine' }, 'models/unavailable'],
];

/** Frames that lack what their type promises. */
const halfFrames = {
  anthropic: '{"type":"message_start"}',
  google: '{"candidates":[{"content":{"parts":[{"functionCall":null}]}}]}',
  openai: '{"type":"response.output_item.done"}',
  openrouter: '{"choices":[{"delta":{"tool_calls":[null]}}]}',
  openai_compatible: '{"object":"chat.completion.chunk"}',
  xai: '{"choices":{}}',
};

describe.each(networkDrivers)('%s', (name) => {
  async function failing(...turns: FakeTurn[]) {
    const { driver, fake } = await driverAndFake(name);
    fake.respondWith(turns);
    return hear(driver).then(
      () => expect.unreachable('the call succeeded'),
      (error: unknown) => error as Error & { code: string; retryAfterMs?: number },
    );
  }

  const wait = async (headers: Record<string, string>) =>
    (await failing({ status: 429, headers })).retryAfterMs;
  const say = (code: string) => failing({ text: 'x', streamError: { code, message: 'Busy.' } });

  test.each(statuses)('tells the status %i as %s', async (status, code, retryable) => {
    const body = { error: { message: 'plain' } };
    expect(await failing({ status, body })).toMatchObject({ code, retryable });
  });

  test.each(words)('tells the error body %i %o as %s', async (status, error, code) => {
    expect(await failing({ status, body: { error } })).toMatchObject({ code });
  });

  test('reads Retry-After in its forms', async () => {
    expect(await wait({ 'retry-after': '7' })).toBe(7000);
    expect(await wait({ 'retry-after': '7', 'retry-after-ms': '250' })).toBe(250);
    const date = await wait({ 'retry-after': new Date(Date.now() + 60_000).toUTCString() });
    expect(date).toBeGreaterThan(30_000);
    expect(date).toBeLessThanOrEqual(60_000);
    expect(await wait({})).toBeUndefined();
  });

  test("shows the provider's words without the key, and no other body", async () => {
    const message = `Incorrect API key provided: ${KEY}\n(or sk-live-aaaabbbbcccc***dddd)`;
    const spoken = await failing({ status: 401, body: { error: { message } } });
    expect(spoken.message).toBe(
      `${name} answered 401: Incorrect API key provided: [redacted] (or [redacted])`,
    );
    const page = await failing({ status: 502, body: '<html>internal 10.0.0.1</html>' });
    expect(page.message).toBe(`${name} answered 502`);
  });

  test('an error event inside the stream has its code', async () => {
    expect(await say('overloaded_error')).toMatchObject({ code: 'models/overloaded' });
    expect(await say('rate_limit_exceeded')).toMatchObject({ code: 'models/rate_limited' });
    expect((await say('server_error')).message).toBe(`${name} reported an error: Busy.`);
  });

  test('a stream that breaks off or just ends is cut', async () => {
    expect(await failing({ text: 'Hello', cutAfterBytes: 150 })).toMatchObject({
      code: 'models/stream_cut',
    });
    expect(await failing({ raw: [] })).toMatchObject({ code: 'models/stream_cut' });
  });

  test.each(['{"type": ', 'null', '[1]', '"text"', halfFrames[name]])(
    'garbage is malformed: %s',
    async (data) => {
      expect(await failing({ raw: [`data: ${data}\n\n`] })).toMatchObject({
        code: 'models/malformed_response',
      });
    },
  );

  test('a page in place of a stream is malformed', async () => {
    const error = await failing({ raw: ['<html>'], contentType: 'text/html; charset=utf-8' });
    expect(error).toMatchObject({ code: 'models/malformed_response' });
    expect(error.message).toContain('text/html');
  });

  test('a provider that is not there is unavailable', async () => {
    const driver = await createModelDriver({
      driver: name,
      baseUrl: 'http://127.0.0.1:1/v1',
      credentials: lent({ apiKey: KEY }),
      egress: testEgress(),
      clock: realClock,
    });
    await expect(hear(driver)).rejects.toMatchObject({ code: 'models/unavailable' });
  });

  test.each(['before_headers', 'after_headers'] as const)(
    'a provider that hangs %s is let go after the inactivity limit',
    async (hang) => {
      const { driver, fake } = await driverAndFake(name);
      fake.respondWith([{ hang }]);
      const call = callModel({
        driver,
        request: requestOf(),
        clock: realClock,
        random: { bytes: (count) => new Uint8Array(count) },
        signal: new AbortController().signal,
        policy: { retries: 0, inactivityMs: 50 },
      });
      await expect(call).rejects.toMatchObject({ code: 'models/timeout' });
      expect(await (await fake.request(0)).ended).toBe('broken_off');
    },
  );

  test('aborting the signal ends the call upstream, and rejects with its reason', async () => {
    const { driver, fake } = await driverAndFake(name);
    const abort = new AbortController();
    const reason = new Error('cancelled');
    fake.respondWith([
      { text: ['a', 'b'], hold: { afterChunks: 1, until: new Promise(() => undefined) } },
    ]);
    const call = (async () => {
      for await (const event of driver.stream(requestOf(), abort.signal)) {
        if (event.type === 'text_delta') abort.abort(reason);
      }
    })();
    await expect(call).rejects.toBe(reason);
    expect(await (await fake.request(0)).ended).toBe('broken_off');
  });

  test('ignores the environment: keys, base URLs and proxies', async () => {
    const trap = await driverAndFake(name);
    for (const prefix of ['ANTHROPIC', 'GEMINI', 'GOOGLE', 'OPENAI', 'OPENROUTER', 'XAI']) {
      vi.stubEnv(`${prefix}_API_KEY`, 'sk-from-the-environment');
      vi.stubEnv(`${prefix}_BASE_URL`, trap.fake.url);
    }
    vi.stubEnv('ANTHROPIC_AUTH_TOKEN', 'sk-from-the-environment');
    vi.stubEnv('OPENAI_ORGANIZATION', 'org-from-the-environment');
    vi.stubEnv('HTTP_PROXY', trap.fake.url);
    vi.stubEnv('ALL_PROXY', trap.fake.url);
    const { driver, fake } = await driverAndFake(name);
    await hear(driver);
    expect(trap.fake.requests).toEqual([]);
    expect(JSON.stringify(fake.requests[0]!.headers)).toContain(KEY);
    expect(JSON.stringify(fake.requests[0])).not.toContain('from-the-environment');
  });
});

describe('createModelDriver', () => {
  const rest = { egress: testEgress(), clock: realClock };

  const keyed = networkDrivers.filter((name) => name !== 'openai_compatible');
  test.each(keyed)('%s needs a key', async (driver) => {
    const made = await createModelDriver({ driver, ...rest });
    await expect(hear(made)).rejects.toMatchObject({ code: 'models/authentication_failed' });
  });

  test.each(networkDrivers)('%s refuses a key that no header can carry', async (driver) => {
    const credentials = lent({ apiKey: 'sk-a\nx-evil: 1' });
    const baseUrl = 'http://127.0.0.1:1/v1';
    const made = await createModelDriver({ driver, baseUrl, credentials, ...rest });
    await expect(hear(made)).rejects.toMatchObject({ code: 'config/invalid_configuration' });
  });

  test('openai_compatible needs a base URL', async () => {
    await expect(createModelDriver({ driver: 'openai_compatible', ...rest })).rejects.toMatchObject(
      { code: 'config/invalid_configuration' },
    );
  });

  test.each(['gemini', 'constructor'])('knows no driver "%s"', async (driver) => {
    await expect(createModelDriver({ driver, ...rest })).rejects.toMatchObject({
      code: 'config/invalid_configuration',
    });
  });
});
