import { type Client, type RunView, createClient } from '@kheish/client-sdk';
import { type FakeProvider, startFakeProvider } from '@kheish/testkit';
import { expect } from 'vitest';
import { sandbox } from '../harness/daemon-process.ts';
import { startInProcess } from '../harness/in-process.ts';
import { expectSound } from '../harness/soundness.ts';
import { type WireProtocol, routeTable } from '../harness/wire-protocols.ts';

export const KEY = 'sk-fake-key';

/** One session with a model of one protocol. */
export interface Conversation extends AsyncDisposable {
  readonly url: string;
  readonly provider: FakeProvider;
  readonly client: Client;
  /** Submits to the session `talk` and waits for the end of the run. */
  ask(text: string): Promise<RunView>;
  /** The session `talk` still works, and nothing was recorded twice. */
  expectUsable(): Promise<void>;
}

/** The inactivity limit is out of reach unless a test asks for one that a hang runs into. */
export async function conversation(
  wire: WireProtocol,
  callPolicy: Parameters<typeof startInProcess>[0]['callPolicy'] = {},
): Promise<Conversation> {
  const cleanup = new AsyncDisposableStack();
  const box = cleanup.use(sandbox());
  const provider = cleanup.use(await startFakeProvider({ protocol: wire.protocol }));
  const daemon = cleanup.use(
    await startInProcess({
      sandbox: box,
      routes: `version = 1\n${routeTable(wire, provider.url, `api_key = "${KEY}"`)}`,
      callPolicy: { inactivityMs: 60_000, initialBackoffMs: 1, maxBackoffMs: 1, ...callPolicy },
    }),
  );
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 'talk' });
  const ask = async (text: string) => {
    const { run_id } = await client.sessions.submit('talk', text);
    return client.runs.wait(run_id, { timeoutMs: 20_000 });
  };
  return {
    url: daemon.url,
    provider,
    client,
    ask,
    expectUsable: async () => {
      provider.respondWith([{ text: 'Still here.' }]);
      const run = await ask('Still there?');
      expect(run).toMatchObject({ status: 'completed', outputs: [{ content: 'Still here.' }] });
      await expectSound(client);
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}
