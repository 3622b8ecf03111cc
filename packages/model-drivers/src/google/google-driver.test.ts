import type { JsonObject, PromptMessage } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { createModelDriver } from '../create-model-driver.ts';
import {
  KEY,
  lent,
  driverAndFake,
  hear,
  realClock,
  requestOf,
  testEgress,
} from '../testing/drivers-under-test.ts';
import { googleSchema } from './google-schema.ts';

const data = (frame: object) => `data: ${JSON.stringify(frame)}\r\n\r\n`;
const saying = (parts: object[], finishReason?: string) =>
  data({
    candidates: [{ content: { role: 'model', parts }, ...(finishReason && { finishReason }) }],
  });
const stop = data({ candidates: [{ finishReason: 'STOP', index: 0 }] });

/** Plays these frames, then asks again with the answer in the transcript; gives what was heard and what was sent. */
async function replayed(frames: readonly string[], model = 'gemini-3-pro') {
  const { driver, fake } = await driverAndFake('google');
  fake.respondWith([{ raw: [...frames] }]);
  const heard = await hear(driver, requestOf({ model }));
  const answer = { role: 'assistant', driver: 'google', model, parts: heard.parts } as const;
  const answers = heard.parts.flatMap((part): PromptMessage[] =>
    part.type === 'tool_call' ? [{ ...part, role: 'tool', content: 'Done.', is_error: false }] : [],
  );
  const user = { role: 'user', content: 'x' } as const;
  await hear(driver, requestOf({ model, messages: [user, answer, ...answers] }));
  const contents = fake.requests[1]!.conversation as { role: string; parts: JsonObject[] }[];
  return { heard, contents, sent: contents[1]?.parts };
}

describe('a thought signature goes back in the place where it came', () => {
  test('on the first of parallel calls, which have no ids', async () => {
    const { heard, contents } = await replayed([
      saying([{ text: 'I should look.', thought: true }]),
      saying([{ functionCall: { name: 'a', args: { n: 1 } }, thoughtSignature: 'c2ln' }]),
      saying([{ functionCall: { name: 'b' } }], 'STOP'),
    ]);
    expect(heard.done.stop_reason).toBe('tool_calls');
    expect(contents.slice(1)).toEqual([
      {
        role: 'model',
        parts: [
          { functionCall: { id: 'call_1_0', name: 'a', args: { n: 1 } }, thoughtSignature: 'c2ln' },
          { functionCall: { id: 'call_1_1', name: 'b', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { id: 'call_1_0', name: 'a', response: { output: 'Done.' } } },
          { functionResponse: { id: 'call_1_1', name: 'b', response: { output: 'Done.' } } },
        ],
      },
    ]);
  });

  test('on an empty part after a text, as a stream ends', async () => {
    const { heard, sent } = await replayed([
      saying([{ text: 'Hé' }]),
      saying([{ text: 'llo' }]),
      saying([{ text: '', thoughtSignature: 'c2ln' }], 'STOP'),
    ]);
    expect(heard.parts.filter(({ type }) => type === 'text')).toEqual([
      { type: 'text', text: 'Héllo' },
    ]);
    expect(sent).toEqual([{ text: 'Héllo' }, { text: '', thoughtSignature: 'c2ln' }]);
  });

  test('on the piece of a text that it came with', async () => {
    const { heard, sent } = await replayed([
      saying([{ text: 'One ' }]),
      saying([{ text: 'two', thoughtSignature: 'c2ln' }], 'STOP'),
    ]);
    expect(heard.text).toBe('One two');
    expect(sent).toEqual([{ text: 'One ' }, { text: 'two', thoughtSignature: 'c2ln' }]);
  });

  test('on a thought, and on nothing but itself', async () => {
    const { sent } = await replayed([
      saying([{ text: 'Hm', thought: true }]),
      saying([{ text: 'm.', thought: true, thoughtSignature: 'b25l' }]),
      saying([{ thoughtSignature: 'dHdv' }]),
      saying([{ text: 'Yes.' }], 'STOP'),
    ]);
    expect(sent).toEqual([
      { text: 'Hmm.', thought: true, thoughtSignature: 'b25l' },
      { text: '', thoughtSignature: 'dHdv' },
      { text: 'Yes.' },
    ]);
  });

  test('which calls of other models do not have: later models are told so, earlier ones do not ask', async () => {
    const call = { type: 'tool_call', tool_name: 'a', input: {} } as const;
    const parts = [
      { ...call, tool_call_id: 'c1' },
      { ...call, tool_call_id: 'c2' },
    ];
    const messages = [{ role: 'assistant', driver: 'openai', model: 'm', parts } as const];
    const { driver, fake } = await driverAndFake('google');
    await hear(driver, requestOf({ model: 'gemini-3-flash', messages }));
    await hear(driver, requestOf({ model: 'gemini-2.5-flash', messages }));
    const signatures = fake.requests.map(({ conversation }) =>
      (conversation as { parts: JsonObject[] }[])[0]?.parts.map((part) => part['thoughtSignature']),
    );
    expect(signatures).toEqual([
      ['skip_thought_signature_validator', undefined],
      [undefined, undefined],
    ]);
  });
});

describe('an end that is none', () => {
  test.each([
    ['MAX_TOKENS', 'max_output_tokens'],
    ['SAFETY', 'refusal'],
    ['PROHIBITED_CONTENT', 'refusal'],
    ['RECITATION', 'refusal'],
    ['STOP', 'end'],
    ['OTHER', 'end'],
  ])('%s is %s', async (reason, stopReason) => {
    const { driver, fake } = await driverAndFake('google');
    fake.respondWith([{ raw: [saying([{ text: 'x' }], reason)] }]);
    expect((await hear(driver)).done.stop_reason).toBe(stopReason);
  });

  test.each([
    ['a tool call that is malformed', saying([], 'MALFORMED_FUNCTION_CALL'), true],
    ['a tool that was not offered', saying([], 'UNEXPECTED_TOOL_CALL'), true],
    ['an image', saying([{ inlineData: { mimeType: 'image/png', data: '' } }]) + stop, true],
    ['a call without a name', saying([{ functionCall: {} }]) + stop, true],
  ])('%s is malformed', async (_what, raw, retryable) => {
    const { driver, fake } = await driverAndFake('google');
    fake.respondWith([{ raw: [raw] }]);
    const code = 'models/malformed_response';
    await expect(hear(driver)).rejects.toMatchObject({ code, retryable });
  });

  test('a blocked prompt is refused, and says why', async () => {
    const { driver, fake } = await driverAndFake('google');
    const promptFeedback = { blockReason: 'SAFETY' };
    fake.respondWith([{ raw: [data({ promptFeedback, usageMetadata: {} })] }]);
    await expect(hear(driver)).rejects.toMatchObject({
      code: 'models/refused',
      message: 'google blocked the prompt: SAFETY.',
    });
  });
});

/** What the driver makes of an error response. */
const fail = async (status: number, error: JsonObject, list = false) => {
  const { driver, fake } = await driverAndFake('google');
  const body = list ? JSON.stringify([{ error }]) : { error };
  fake.respondWith([{ status, body }]);
  return hear(driver).catch((thrown: unknown) => thrown);
};

describe('an error', () => {
  test('says by its reason that the key is wrong', async () => {
    const details = [
      { '@type': 'type.googleapis.com/google.rpc.ErrorInfo', reason: 'API_KEY_INVALID' },
    ];
    const error = { code: 400, message: 'Pass a valid key.', status: 'INVALID_ARGUMENT', details };
    const code = 'models/authentication_failed';
    expect(await fail(400, error)).toMatchObject({ code });
    expect(await fail(400, error, true)).toMatchObject({ code });
  });

  test('says in its details how long to wait', async () => {
    const details: JsonObject[] = [{ reason: 7 }, { retryDelay: '37.5s' }];
    expect(await fail(429, { code: 429, status: 'RESOURCE_EXHAUSTED', details })).toMatchObject({
      code: 'models/rate_limited',
      retryAfterMs: 37_500,
    });
  });

  test('tells a prompt that is too long by its words', async () => {
    const message =
      'The input token count (134123) exceeds the maximum number of tokens allowed (131072).';
    const error = { code: 400, message, status: 'INVALID_ARGUMENT' };
    expect(await fail(400, error)).toMatchObject({ code: 'models/context_exceeded' });
  });
});

describe('what is asked', () => {
  test('names the model in the path and nothing beyond it', async () => {
    const { driver, fake } = await driverAndFake('google');
    for (const model of ['gemini-x', 'models/gemini-x', '../../v1/keys?x=']) {
      await hear(driver, requestOf({ model })).catch(() => undefined);
    }
    expect(fake.requests.map(({ path }) => path)).toEqual([
      '/v1beta/models/gemini-x:streamGenerateContent?alt=sse',
      '/v1beta/models/gemini-x:streamGenerateContent?alt=sse',
      '/v1beta/models/..%2F..%2Fv1%2Fkeys%3Fx%3D:streamGenerateContent?alt=sse',
    ]);
    expect(fake.requests[0]!.headers['x-goog-api-key']).toBe(KEY);
  });

  test.each([
    ['gemini-2.5-flash', 'none', { thinkingBudget: 0 }],
    ['gemini-2.5-pro', 'none', { thinkingBudget: 128 }],
    ['gemini-2.5-flash', 'medium', { includeThoughts: true, thinkingBudget: 8192 }],
    ['gemini-3-flash', 'none', { thinkingLevel: 'MINIMAL' }],
    ['gemini-3.1-pro', 'minimal', { includeThoughts: true, thinkingLevel: 'LOW' }],
    ['gemini-10-pro', 'xhigh', { includeThoughts: true, thinkingLevel: 'HIGH' }],
  ] as const)('gives %s for the effort %s %o', async (model, effort, thinkingConfig) => {
    const { driver, fake } = await driverAndFake('google');
    await hear(driver, requestOf({ model, generation: { reasoning: { effort } } }));
    expect(fake.requests[0]!.body['generationConfig']).toEqual({ thinkingConfig });
  });

  test('keeps of a schema what the protocol knows, also deep within', () => {
    const schema: JsonObject = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      additionalProperties: { type: 'string', pattern: '^x' },
      properties: {
        pattern: { type: 'string', minLength: 1, maxLength: 9, description: 'A pattern.' },
        kind: { const: 'a' },
        both: { const: 'a', enum: ['a', 'b'] },
        list: { type: 'array', items: { type: 'integer', exclusiveMinimum: 0 }, uniqueItems: true },
        either: { anyOf: [{ type: 'string', pattern: 'x' }, { type: 'null' }] },
      },
      required: ['pattern'],
    };
    expect(googleSchema(schema)).toEqual({
      type: 'object',
      additionalProperties: { type: 'string' },
      properties: {
        pattern: { type: 'string', description: 'A pattern.' },
        kind: { enum: ['a'] },
        both: { enum: ['a', 'b'] },
        list: { type: 'array', items: { type: 'integer' } },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      },
      required: ['pattern'],
    });
  });

  test.each([
    'https://generativelanguage.googleapis.com',
    'https://generativelanguage.googleapis.com/v1beta',
    undefined,
  ])('goes to the official root, written as %s', async (baseUrl) => {
    const asked: string[] = [];
    const egress = testEgress();
    egress.request = ({ url }) => {
      asked.push(url);
      return Promise.reject(new Error('not sent'));
    };
    const driver = await createModelDriver({
      driver: 'google',
      ...(baseUrl !== undefined && { baseUrl }),
      credentials: lent({ apiKey: KEY }),
      egress,
      clock: realClock,
    });
    await expect(hear(driver)).rejects.toThrow('not sent');
    const root = 'https://generativelanguage.googleapis.com/v1beta';
    expect(asked).toEqual([`${root}/models/test-model:streamGenerateContent?alt=sse`]);
  });
});
