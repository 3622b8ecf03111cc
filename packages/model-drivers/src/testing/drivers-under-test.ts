import { setTimeout as realSleep } from 'node:timers/promises';
import type { Clock, ModelDriver, ModelEvent, ModelRequest, PromptPart } from '@kheish/core-model';
import { type Egress, createEgress } from '@kheish/egress';
import {
  type FakeProvider,
  type NetworkDriver,
  fakeProtocolOf,
  startFakeProvider,
} from '@kheish/testkit';
import { afterEach } from 'vitest';
import { createModelDriver } from '../create-model-driver.ts';
import type { Credentials, LeasedCredentials } from '../credentials.ts';

export const realClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => realSleep(ms, undefined, { signal }),
};

export const KEY = 'sk-test-0123456789abcdef';

/** Every driver that the suites run over; `conformance/answers.test.ts` sees to it that none is missing. */
export const networkDrivers = Object.keys(fakeProtocolOf) as NetworkDriver[];

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

export function testEgress(): Egress {
  const egress = createEgress({ clock: realClock });
  closers.push(() => egress.close());
  return egress;
}

/** Credentials that nobody takes back. */
export function lent(credentials: Credentials): LeasedCredentials {
  return { acquire: () => Promise.resolve(credentials), confirm: () => undefined };
}

/** A driver and the fake provider it talks to; both end with the test. */
export async function driverAndFake(
  driver: NetworkDriver,
  credentials: Credentials = { apiKey: KEY },
): Promise<{ driver: ModelDriver; fake: FakeProvider }> {
  const fake = await startFakeProvider({ protocol: fakeProtocolOf[driver] });
  closers.push(() => fake.close());
  const made = await createModelDriver({
    driver,
    baseUrl: fake.url,
    credentials: lent(credentials),
    egress: testEgress(),
    clock: realClock,
  });
  return { driver: made, fake };
}

export function requestOf(change: Partial<ModelRequest> = {}): ModelRequest {
  return {
    model: 'test-model',
    system: 'Be brief.',
    messages: [{ role: 'user', content: 'Hello' }],
    tools: [],
    generation: {},
    ...change,
  };
}

export interface Heard {
  readonly text: string;
  readonly reasoning: string;
  readonly parts: readonly PromptPart[];
  readonly done: Extract<ModelEvent, { type: 'done' }>;
}

/** Listens to one call to its end. */
export async function hear(
  driver: ModelDriver,
  request: ModelRequest = requestOf(),
  signal: AbortSignal = new AbortController().signal,
): Promise<Heard> {
  const parts: PromptPart[] = [];
  let text = '';
  let reasoning = '';
  for await (const event of driver.stream(request, signal)) {
    if (event.type === 'text_delta') text += event.text;
    if (event.type === 'reasoning_delta') reasoning += event.text;
    if (event.type === 'part') parts.push(event.part);
    if (event.type === 'done') return { text, reasoning, parts, done: event };
  }
  throw new Error('The stream ended without done.');
}
