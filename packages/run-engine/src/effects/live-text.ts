import type { Redactor } from '@kheish/auth-store';
import type { Clock, ModelDelta } from '@kheish/core-model';

/**
 * Milliseconds. The first words of an attempt are told at once, then what came meanwhile together: each telling is a
 * write to every follower, and nobody reads faster.
 */
export const TELL_EVERY_MS = 12;

type Channel = 'text' | 'reasoning';

type Redacting = Readonly<Record<Channel, ReturnType<Redactor['stream']>>>;

interface Speech {
  readonly run_id: string;
  readonly session_id: string;
  readonly step: number;
  attempt: number;
  /** What may be told, of each channel. */
  text: string;
  reasoning: string;
  /** Holds back what may be the beginning of a secret. */
  redacting: Redacting;
  /** The end of one channel that is not told yet. */
  untold: { readonly channel: Channel; words: string };
  toldAtMs: number;
}

export interface DeltaScope {
  readonly sessionId?: string;
  readonly runId?: string;
}

/** What models are saying right now, for those who listen; none of it is kept. */
export class LiveText {
  readonly #clock: Clock;
  readonly #redactor: Pick<Redactor, 'stream'>;
  readonly #speeches = new Map<string, Speech>();
  readonly #listeners = new Set<(delta: ModelDelta) => void>();
  /** Who has said something that is not told yet. */
  readonly #waiting = new Set<Speech>();
  #ticking = false;

  constructor(clock: Clock, redactor: Pick<Redactor, 'stream'>) {
    this.#clock = clock;
    this.#redactor = redactor;
  }

  subscribe(listener: (delta: ModelDelta) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For who attaches in the middle of a step: per channel one delta from offset 0. */
  current(scope: DeltaScope): ModelDelta[] {
    this.#tellWaiting();
    const deltas: ModelDelta[] = [];
    for (const speech of this.#speeches.values()) {
      if (scope.runId !== undefined && scope.runId !== speech.run_id) continue;
      if (scope.sessionId !== undefined && scope.sessionId !== speech.session_id) continue;
      if (speech.reasoning !== '') deltas.push(deltaOf(speech, 'reasoning', speech.reasoning));
      if (speech.text !== '') deltas.push(deltaOf(speech, 'text', speech.text));
    }
    return deltas;
  }

  begin(runId: string, sessionId: string, step: number): void {
    this.#speeches.set(runId, {
      run_id: runId,
      session_id: sessionId,
      step,
      attempt: 1,
      text: '',
      reasoning: '',
      redacting: this.#redacting(),
      untold: { channel: 'text', words: '' },
      toldAtMs: -Infinity,
    });
  }

  say(runId: string, attempt: number, channel: Channel, piece: string): void {
    const speech = this.#speeches.get(runId);
    if (speech === undefined) return;
    if (attempt !== speech.attempt) this.#startOver(speech, attempt);
    this.#utter(speech, channel, speech.redacting[channel].push(piece));
  }

  #utter(speech: Speech, channel: Channel, piece: string): void {
    if (piece === '') return;
    speech[channel] += piece;
    if (this.#listeners.size === 0) return;
    if (channel !== speech.untold.channel) {
      this.#tell(speech);
      speech.untold = { channel, words: '' };
    }
    speech.untold.words += piece;
    if (this.#clock.monotonic() - speech.toldAtMs >= TELL_EVERY_MS) {
      this.#tell(speech);
    } else {
      this.#waiting.add(speech);
      if (!this.#ticking) void this.#tick();
    }
  }

  end(runId: string): void {
    const speech = this.#speeches.get(runId);
    if (speech === undefined) return;
    for (const channel of ['reasoning', 'text'] as const) {
      this.#utter(speech, channel, speech.redacting[channel].end());
    }
    this.#tell(speech);
    this.#speeches.delete(runId);
  }

  #startOver(speech: Speech, attempt: number): void {
    this.#tell(speech);
    const redacting = this.#redacting();
    Object.assign(speech, { attempt, text: '', reasoning: '', redacting, toldAtMs: -Infinity });
  }

  #redacting(): Redacting {
    return { text: this.#redactor.stream(), reasoning: this.#redactor.stream() };
  }

  #tell(speech: Speech): void {
    this.#waiting.delete(speech);
    const { channel, words } = speech.untold;
    if (words === '') return;
    speech.untold = { channel, words: '' };
    speech.toldAtMs = this.#clock.monotonic();
    const delta = deltaOf(speech, channel, words);
    for (const listener of this.#listeners) listener(delta);
  }

  #tellWaiting(): void {
    for (const speech of this.#waiting) this.#tell(speech);
  }

  /** Runs only while there is something to tell. */
  async #tick(): Promise<void> {
    this.#ticking = true;
    while (this.#waiting.size > 0) {
      await this.#clock.sleep(TELL_EVERY_MS);
      this.#tellWaiting();
    }
    this.#ticking = false;
  }
}

/** The last words of a channel. */
function deltaOf(speech: Speech, channel: Channel, words: string): ModelDelta {
  const { run_id, session_id, step, attempt } = speech;
  const offset = speech[channel].length - words.length;
  const names = { type: 'model_delta', run_id, session_id, step, attempt, offset } as const;
  return { ...names, [channel]: words };
}
