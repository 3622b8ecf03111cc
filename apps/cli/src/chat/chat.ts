import { type Interface, createInterface } from 'node:readline';
import { type Client, type RunView, isWaiting } from '@kheish/client-sdk';
import { exitCodeOfRun, exitCodes } from '../exit-codes.ts';
import { failureOf } from '../failure.ts';
import { adviceOn } from '../run-outcome.ts';
import { Asking } from './asking.ts';
import { LineQueue } from './line-queue.ts';
import { PromptLine } from './prompt-line.ts';
import { RunsSeen } from './runs-seen.ts';
import { Transcript } from './transcript.ts';

export interface Terminal {
  readonly input: NodeJS.ReadableStream;
  readonly output: NodeJS.WritableStream;
  /** Whether a person sits there: lines are edited, a prompt is shown, and what runs ask can be answered. */
  readonly terminal: boolean;
  readonly colored: boolean;
}

/** How long the daemon may be away, for example to restart, before the talk ends. */
const GRACE_MS = 60_000;

const help = [
  'A line is sent as it is; one that begins with a space is never a command.',
  '/exit leaves, and so does Ctrl-D. Ctrl-C interrupts the run under way, once more it leaves.',
  'What a run asks is answered with y, n or n REASON, the number of an option, words, or /decline.',
];

/** Talks with a session until the input ends; resolves with the exit code. */
export async function chat(client: Client, sessionId: string, io: Terminal): Promise<number> {
  await client.sessions.create({ session_id: sessionId });
  const status = await client.status();
  const stop = new AbortController();
  const reading = createInterface({ input: io.input, output: io.output, terminal: io.terminal });
  const promptLine = new PromptLine(reading, io.output, io.terminal);
  const transcript = new Transcript((text) => promptLine.write(text), io.colored);
  const seen = new RunsSeen();
  const screen = { transcript, promptLine };
  const asking = io.terminal ? new Asking(client, sessionId, screen, stop.signal) : undefined;
  const follow = async () => {
    const cursor = status.events.tail_event_id_cursor;
    const options = { cursor, signal: stop.signal, graceMs: GRACE_MS };
    for await (const { event } of client.sessions.stream(sessionId, options)) {
      transcript.show(event);
      seen.note(event);
      asking?.note(event);
    }
  };
  const talk = new Talk(client, sessionId, { io, transcript, promptLine, seen, reading, asking });
  const following = follow().catch((error: unknown) => {
    seen.fail(error);
    reading.close();
    throw error;
  });
  try {
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
  readonly promptLine: PromptLine;
  readonly seen: RunsSeen;
  readonly reading: Interface;
  /** Absent where nobody sits there. */
  readonly asking: Asking | undefined;
}

/** One input after the other: the next line is taken when the run of the last is over. */
class Talk {
  readonly #client: Client;
  readonly #sessionId: string;
  readonly #parts: Parts;
  readonly #lines: LineQueue;
  readonly #leaving = Promise.withResolvers<void>();
  readonly #closing = Promise.withResolvers<void>();
  /** Whether somebody can answer what a run asks. */
  #attended: boolean;
  #busy = false;
  #interrupted = false;
  #left = false;
  #exitCode: number = exitCodes.done;

  constructor(client: Client, sessionId: string, parts: Parts) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#parts = parts;
    this.#attended = parts.io.terminal;
    this.#lines = new LineQueue(parts.reading, (line) => this.#takes(line));
    parts.reading.on('SIGINT', () => this.#onInterrupt());
    parts.reading.on('close', () => {
      this.#attended = false;
      this.#closing.resolve();
    });
  }

  async untilTheEnd(): Promise<number> {
    const { io, asking, promptLine } = this.#parts;
    asking?.look();
    while (!this.#left) {
      promptLine.idle = true;
      const line = await this.#lines.next();
      promptLine.idle = false;
      if (line === undefined || line.trim() === '/exit') break;
      if (/^\/[\w-]+(?:\s|$)/.test(line)) this.#command(line.trim());
      else if (line.trim() !== '') await this.#say(line);
    }
    return io.terminal ? exitCodes.done : this.#exitCode;
  }

  /** Lines that answer what is asked do not wait for the run to be over. */
  #takes(line: string): boolean {
    const { asking, transcript } = this.#parts;
    const state = asking?.state ?? 'nothing asked';
    if (state === 'nothing asked' || (state === 'answering' && !this.#busy)) return false;
    if (line.trim() === '/exit') {
      transcript.remark('what is asked stays open: kheish approvals list, kheish questions list');
      this.#leave();
    } else if (state === 'asked') asking?.take(line);
    else if (line.trim() !== '') transcript.remark('not taken: nothing was asked yet');
    return true;
  }

  #command(line: string): void {
    const { transcript } = this.#parts;
    if (line === '/help') return transcript.tell(help);
    this.#exitCode = exitCodes.usage;
    const [name = ''] = line.split(/\s/);
    transcript.complain(
      name === '/decline'
        ? 'nothing is asked that could be declined'
        : `there is no ${name}; /help says what there is, and a space before it sends it`,
    );
  }

  async #say(line: string): Promise<void> {
    const { transcript, seen } = this.#parts;
    this.#busy = true;
    this.#interrupted = false;
    try {
      const { run_id } = await this.#client.sessions.submit(this.#sessionId, line);
      await this.#untilOver(run_id);
    } catch (error) {
      const { message, exitCode } = await failureOf(error);
      transcript.complain(message);
      this.#exitCode = exitCode;
      if (seen.failed) this.#left = true;
    } finally {
      this.#busy = false;
    }
  }

  /** Where nobody could answer, a talk that waits for an answer is over. */
  async #untilOver(runId: string): Promise<void> {
    const { transcript, seen } = this.#parts;
    while (!this.#left) {
      const news = seen.news();
      // It may be rejected before it is waited for.
      news.catch(() => undefined);
      if (seen.hasEnded(runId)) {
        const run = await this.#client.runs.get(runId);
        transcript.close(run);
        this.#exitCode = exitCodeOfRun(run.status);
        return;
      }
      const blocking = this.#attended ? undefined : await this.#blocking(runId);
      if (blocking !== undefined) {
        transcript.tell(adviceOn(blocking).trimEnd().split('\n'));
        this.#exitCode = exitCodeOfRun(blocking.status);
        this.#leave();
        return;
      }
      await Promise.race([
        news,
        this.#leaving.promise,
        ...(this.#attended ? [this.#closing.promise] : []),
      ]);
    }
  }

  /** The run that waits for a person, this one or one before it in the queue, once all before that was shown. */
  async #blocking(runId: string): Promise<RunView | undefined> {
    const { active_run_id: active } = await this.#client.sessions.get(this.#sessionId);
    if (active === undefined) return undefined;
    if (active === runId && !this.#parts.seen.isSuspended(runId)) return undefined;
    const run = await this.#client.runs.get(active);
    return isWaiting(run.status) ? run : undefined;
  }

  #leave(): void {
    this.#left = true;
    this.#leaving.resolve();
    this.#parts.reading.close();
  }

  #onInterrupt(): void {
    if (this.#busy && !this.#interrupted) {
      this.#interrupted = true;
      this.#parts.transcript.remark('interrupting; Ctrl-C again leaves');
      this.#client.sessions.interrupt(this.#sessionId).catch(async (error: unknown) => {
        this.#parts.transcript.complain((await failureOf(error)).message);
      });
      return;
    }
    this.#leave();
  }
}
