import { type Interface, createInterface } from 'node:readline';
import type { Client, RunView } from '@kheish/client-sdk';
import { exitCodeOfRun, exitCodes } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { EndedRuns } from './ended-runs.ts';
import { LineQueue } from './line-queue.ts';
import { Transcript } from './transcript.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Whether a person sits there: lines are edited and a prompt is shown. */
  readonly terminal: boolean;
  readonly colored: boolean;
}

/** How long the daemon may be away, for example to restart, before the talk ends. */
const GRACE_MS = 60_000;
const PROMPT = '> ';

/** Talks with a session until the input ends; resolves with the exit code. */
export async function chat(client: Client, sessionId: string, io: Terminal): Promise<number> {
  await client.sessions.create({ session_id: sessionId });
  const status = await client.status();
  const stop = new AbortController();
  const transcript = new Transcript((text) => io.output.write(text), io.colored);
  const ended = new EndedRuns();
  const follow = async () => {
    const cursor = status.events.tail_event_id_cursor;
    const options = { cursor, signal: stop.signal, graceMs: GRACE_MS };
    for await (const { event } of client.sessions.stream(sessionId, options)) {
      transcript.show(event);
      ended.note(event);
    }
  };
  const reading = createInterface({ input: io.input, output: io.output, terminal: io.terminal });
  const lines = new LineQueue(reading);
  const following = follow().catch((error: unknown) => {
    ended.fail(error);
    reading.close();
    throw error;
  });
  try {
    const talk = new Talk(client, sessionId, { io, transcript, ended, lines, reading });
    return await talk.untilTheEnd();
  } finally {
    stop.abort();
    reading.close();
    await following;
  }
}

interface Parts {
  readonly io: Terminal;
  readonly transcript: Transcript;
  readonly ended: EndedRuns;
  readonly lines: LineQueue;
  readonly reading: Interface;
}

/** One input after the other: the next line is taken when the run of the last is over. */
class Talk {
  readonly #client: Client;
  readonly #sessionId: string;
  readonly #parts: Parts;
  #busy = false;
  #interrupted = false;
  #left = false;
  #exitCode: number = exitCodes.done;

  constructor(client: Client, sessionId: string, parts: Parts) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#parts = parts;
    parts.reading.setPrompt(PROMPT);
    parts.reading.on('SIGINT', () => this.#onInterrupt());
  }

  async untilTheEnd(): Promise<number> {
    const { io, lines, reading } = this.#parts;
    while (!this.#left) {
      if (io.terminal) reading.prompt();
      const line = await lines.next();
      if (line === undefined || line.trim() === '/exit') break;
      if (line.trim() !== '') await this.#say(line);
    }
    return io.terminal ? exitCodes.done : this.#exitCode;
  }

  async #say(line: string): Promise<void> {
    const { transcript, ended } = this.#parts;
    this.#busy = true;
    this.#interrupted = false;
    try {
      const { run_id } = await this.#client.sessions.submit(this.#sessionId, line);
      await Promise.race([ended.of(run_id), this.#leaving.promise]);
      if (!this.#left) await this.#close(await this.#client.runs.get(run_id));
    } catch (error) {
      const { message, exitCode } = await failureOf(error);
      transcript.complain(message);
      this.#exitCode = exitCode;
      if (ended.failed) this.#left = true;
    } finally {
      this.#busy = false;
    }
  }

  async #close(run: RunView): Promise<void> {
    this.#parts.transcript.close(run);
    this.#exitCode = exitCodeOfRun(run.status);
  }

  readonly #leaving = Promise.withResolvers<void>();

  #onInterrupt(): void {
    if (this.#busy && !this.#interrupted) {
      this.#interrupted = true;
      this.#parts.transcript.remark('interrupting; Ctrl-C again leaves');
      this.#client.sessions.interrupt(this.#sessionId).catch(async (error: unknown) => {
        this.#parts.transcript.complain((await failureOf(error)).message);
      });
      return;
    }
    this.#left = true;
    this.#leaving.resolve();
    this.#parts.reading.close();
  }
}
