import { once } from 'node:events';
import { type IncomingMessage, get } from 'node:http';
import type { ModelDelta, RecordedEvent } from '@kheish/core-model';
import { until, within } from './until.ts';

/** A frame as it came: `id` only where the frame had one. */
export interface Frame {
  readonly id?: string;
  readonly data: string;
}

/** What one connection to an event stream brought, without any help of the SDK. */
export class EventStream implements Disposable {
  readonly frames: Frame[] = [];
  readonly #response: IncomingMessage;
  #rest = '';
  #closed = false;

  constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('data', (piece: string) => this.#read(piece));
    response.on('error', () => undefined).on('close', () => (this.#closed = true));
  }

  /** Journaled events, in the order of their arrival. */
  get durable(): readonly Frame[] {
    return this.frames.filter((frame) => frame.id !== undefined);
  }

  get events(): readonly RecordedEvent[] {
    return this.durable.map((frame) => JSON.parse(frame.data) as RecordedEvent);
  }

  get deltas(): readonly ModelDelta[] {
    return this.frames
      .filter((frame) => frame.id === undefined)
      .map((frame) => JSON.parse(frame.data) as ModelDelta);
  }

  get lastId(): string | undefined {
    return this.durable.at(-1)?.id;
  }

  /** The first durable event of this type. */
  async event(type: RecordedEvent['type'], runId?: string): Promise<RecordedEvent> {
    const isIt = (event: RecordedEvent) =>
      event.type === type && (runId === undefined || ('run_id' in event && event.run_id === runId));
    return until(`the event ${type}`, () => this.events.find(isIt));
  }

  /** Resolves when everything up to this id is there. */
  async reached(id: string): Promise<void> {
    await until(`the event ${id}`, () => Number(this.lastId ?? 0) >= Number(id) || undefined);
  }

  /** Resolves when the other side has closed the connection, in order or not. */
  async ended(): Promise<void> {
    await until('the end of a stream', () => this.#closed || undefined);
  }

  [Symbol.dispose](): void {
    this.#response.destroy();
  }

  #read(piece: string): void {
    const blocks = (this.#rest + piece).split('\n\n');
    this.#rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const lines = block.split('\n');
      const field = (name: string) =>
        lines
          .filter((line) => line.startsWith(`${name}: `))
          .map((line) => line.slice(name.length + 2));
      const data = field('data').join('\n');
      const [id] = field('id');
      if (data !== '') this.frames.push({ data, ...(id !== undefined && { id }) });
    }
  }
}

/** Opens a stream; resolves with the head of the answer. */
export async function openStream(
  url: string,
  lastEventId?: string,
  more: Readonly<Record<string, string>> = {},
): Promise<EventStream> {
  const headers = {
    ...more,
    accept: 'text/event-stream',
    ...(lastEventId !== undefined && { 'last-event-id': lastEventId }),
  };
  const request = get(url, { headers, agent: false });
  const [response] = (await within('a stream', once(request, 'response'))) as [IncomingMessage];
  if (response.statusCode !== 200) throw new Error(`the stream answered ${response.statusCode}`);
  return new EventStream(response);
}
