import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Json, ModelEvent, StopReason, Usage } from '@kheish/core-model';
import type { Egress } from '@kheish/egress';
import { type NetworkDriver, fakeProtocolOf } from '@kheish/testkit';
import { createModelDriver } from '../create-model-driver.ts';
import { lent, realClock, requestOf } from './drivers-under-test.ts';

/** What a recording says, in no protocol's words. */
export interface Told {
  text: string;
  reasoning: string;
  /** Arguments that are no JSON object stay as they came. */
  calls: { readonly id: string; readonly name: string; readonly arguments: Json }[];
  usage?: Usage;
  stop?: StopReason;
  /** The answer ended as an error. */
  failed?: true;
}

const folder = join(import.meta.dirname, 'recordings');

/** The recorded streams of a driver's protocol, by name. */
export function recordingsOf(driver: NetworkDriver): [name: string, bytes: Uint8Array][] {
  const files = join(folder, fakeProtocolOf[driver]);
  return readdirSync(files).map((file) => [file, new Uint8Array(readFileSync(join(files, file)))]);
}

export function inTwo(bytes: Uint8Array, at: number): Uint8Array[] {
  return [bytes.subarray(0, at), bytes.subarray(at)];
}

export function byteByByte(bytes: Uint8Array): Uint8Array[] {
  return Array.from(bytes, (byte) => Uint8Array.of(byte));
}

/** What our driver makes of chunks. */
export async function ours(name: NetworkDriver) {
  let chunks: readonly Uint8Array[] = [];
  async function* body() {
    yield* chunks;
  }
  const headers = { 'content-type': 'text/event-stream' };
  const egress: Egress = {
    request: () =>
      Promise.resolve({ status: 200, headers, url: 'http://provider.test', body: body() }),
    close: () => Promise.resolve(),
  };
  const baseUrl = 'http://provider.test/v1';
  const credentials = lent({ apiKey: 'k' });
  const driver = await createModelDriver({
    driver: name,
    baseUrl,
    credentials,
    egress,
    clock: realClock,
  });
  return (next: readonly Uint8Array[]) => {
    chunks = next;
    return told(driver.stream(requestOf(), new AbortController().signal));
  };
}

async function told(events: AsyncIterable<ModelEvent>): Promise<Told> {
  const heard: Told = { text: '', reasoning: '', calls: [] };
  try {
    for await (const event of events) {
      if (event.type === 'text_delta') heard.text += event.text;
      if (event.type === 'reasoning_delta') heard.reasoning += event.text;
      if (event.type === 'part' && event.part.type === 'tool_call') {
        const { tool_call_id: id, tool_name: tool, input, raw_input: raw = '' } = event.part;
        heard.calls.push({ id, name: tool, arguments: input ?? raw });
      }
      if (event.type !== 'done') continue;
      heard.stop = event.stop_reason;
      if (event.usage !== undefined) heard.usage = event.usage;
    }
    return heard;
  } catch {
    return failed(heard);
  }
}

export function failed({ text }: Told): Told {
  return { text, reasoning: '', calls: [], failed: true };
}

/** Arguments as a provider sends them: an object where they are one. */
export function argumentsIn(text: string): Json {
  try {
    return JSON.parse(text === '' ? '{}' : text) as Json;
  } catch {
    return text;
  }
}

export function usage(input: number, cached: number, output: number, reasoning: number): Usage {
  return {
    input_tokens: input,
    output_tokens: output,
    ...(cached > 0 && { cached_input_tokens: cached }),
    ...(reasoning > 0 && { reasoning_tokens: reasoning }),
  };
}
