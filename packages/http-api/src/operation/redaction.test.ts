import { KheishError } from '@kheish/core-model';
import { expect, test } from 'vitest';
import { echoHandlers, runningApi } from '../testing/running-api.ts';

const hide = (text: string) => text.replaceAll('sk-12345678', '[redacted]');
const redactor = {
  redact: hide,
  redactForeign: <T>(value: T): T =>
    value === undefined ? value : (JSON.parse(hide(JSON.stringify(value))) as T),
};

async function post(path: string, body: object): Promise<{ status: number; answer: unknown }> {
  const { base } = await runningApi({
    redactor,
    handlers: echoHandlers({
      createSession: ({ body: told }) => {
        if (told.session_id === 'none') throw new KheishError('api/bad_request', 'sk-12345678!');
        return { told } as never;
      },
      setSecret: ({ body: told }) => ({ told }) as never,
    }),
  });
  const headers = { 'content-type': 'application/json' };
  const init = { method: 'POST', headers, body: JSON.stringify(body) };
  const response = await fetch(`${base}${path}`, init);
  return { status: response.status, answer: await response.json() };
}

test('what is sent loses known secrets before a handler has it', async () => {
  const system_prompt = 'be sk-12345678';
  expect(await post('/v1/sessions', { session_id: 's', system_prompt })).toEqual({
    status: 201,
    answer: { told: { session_id: 's', system_prompt: 'be [redacted]' } },
  });
});

test('an id that has one is refused, and not repeated', async () => {
  expect(await post('/v1/sessions', { session_id: 'x-sk-12345678' })).toMatchObject({
    status: 400,
    answer: { code: 'bad_request', detail: 'There is a known secret in session_id.' },
  });
});

test('a secret that is to be kept comes through', async () => {
  const slot = {
    slot_id: 'a',
    provider: 'generic',
    mode: 'opaque_secret',
    state: { value: 'sk-12345678' },
  };
  expect(await post('/v1/runtime/secrets', slot)).toMatchObject({ answer: { told: slot } });
});

test('a refusal has none', async () => {
  expect(await post('/v1/sessions', { session_id: 'none' })).toMatchObject({
    answer: { detail: '[redacted]!' },
  });
});
