import { describe, expect, test } from 'vitest';
import { startFakeProvider } from './fake-provider.ts';
import type { FakeProtocol } from './protocols.ts';

const asks: Record<FakeProtocol, { path: string; body: object }> = {
  anthropic: {
    path: '/messages',
    body: { messages: [{ role: 'user', content: [{ type: 'text', text: 'Höre!' }] }] },
  },
  google: {
    path: '/models/fake:streamGenerateContent?alt=sse',
    body: { contents: [{ role: 'user', parts: [{ text: 'Höre!' }] }] },
  },
  'openai-responses': { path: '/responses', body: { input: [{ role: 'user', content: 'Höre!' }] } },
  'chat-completions': {
    path: '/chat/completions',
    body: { messages: [{ role: 'user', content: 'Höre!' }] },
  },
  xai: {
    path: '/chat/completions',
    body: { messages: [{ role: 'user', content: 'Höre!' }] },
  },
};

const protocols = Object.keys(asks) as FakeProtocol[];

function ask(url: string, protocol: FakeProtocol): Promise<Response> {
  const { path, body } = asks[protocol];
  return fetch(url + path, { method: 'POST', body: JSON.stringify(body) });
}

describe.each(protocols)('the fake %s provider', (protocol) => {
  test('echoes the last user text, and keeps what it received', async () => {
    await using fake = await startFakeProvider({ protocol });
    const response = await ask(fake.url, protocol);
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toContain('Höre!');
    expect(fake.requests[0]?.body).toEqual(asks[protocol].body);
    expect(await fake.requests[0]?.ended).toBe('finished');
  });

  test('plays turns in order, then the default reply', async () => {
    await using fake = await startFakeProvider({ protocol, defaultReply: { text: 'default' } });
    fake.respondWith([{ text: 'first' }, { status: 529, headers: { 'retry-after': '3' } }]);
    expect(await (await ask(fake.url, protocol)).text()).toContain('first');
    const refused = await ask(fake.url, protocol);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([529, '3']);
    expect(await refused.text()).toContain('fake error 529');
    expect(await (await ask(fake.url, protocol)).text()).toContain('default');
  });

  test('answers by what is asked where no turn is left', async () => {
    await using fake = await startFakeProvider({
      protocol,
      answer: (body) => ({ text: Object.keys(body).join() }),
    });
    fake.respondWith([{ text: 'a turn' }]);
    expect(await (await ask(fake.url, protocol)).text()).toContain('a turn');
    const keys = Object.keys(asks[protocol].body).join();
    expect(await (await ask(fake.url, protocol)).text()).toContain(keys);
  });

  test('holds until it is released', async () => {
    await using fake = await startFakeProvider({ protocol });
    const released = Promise.withResolvers<undefined>();
    fake.respondWith([
      { text: ['before', 'after'], hold: { afterChunks: 1, until: released.promise } },
    ]);
    const response = await ask(fake.url, protocol);
    let text = '';
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true });
      if (text.includes('before') && !text.includes('after')) released.resolve(undefined);
    }
    expect(text).toContain('after');
  });

  test('splits, and cuts after so many bytes', async () => {
    await using fake = await startFakeProvider({ protocol });
    fake.respondWith([
      { text: 'whole', splitAt: [3, 50] },
      { text: 'whole', cutAfterBytes: 40 },
    ]);
    expect(await (await ask(fake.url, protocol)).text()).toContain('whole');
    await expect(ask(fake.url, protocol).then((response) => response.text())).rejects.toThrow(
      'terminated',
    );
  });

  test('knows its own path only', async () => {
    await using fake = await startFakeProvider({ protocol });
    expect((await fetch(`${fake.url}/other`, { method: 'POST' })).status).toBe(404);
  });
});
