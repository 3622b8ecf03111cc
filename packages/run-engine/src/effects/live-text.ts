import type { ModelDelta } from '@kheish/core-model';

interface Speech {
  readonly run_id: string;
  readonly session_id: string;
  readonly step: number;
  attempt: number;
  text: string;
  reasoning: string;
}

export interface DeltaScope {
  readonly sessionId?: string;
  readonly runId?: string;
}

/** What models are saying right now, for those who listen; none of it is kept. */
export class LiveText {
  readonly #speeches = new Map<string, Speech>();
  readonly #listeners = new Set<(delta: ModelDelta) => void>();

  subscribe(listener: (delta: ModelDelta) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** For who attaches in the middle of a step: per channel one delta from offset 0. */
  current(scope: DeltaScope): ModelDelta[] {
    const deltas: ModelDelta[] = [];
    for (const speech of this.#speeches.values()) {
      if (scope.runId !== undefined && scope.runId !== speech.run_id) continue;
      if (scope.sessionId !== undefined && scope.sessionId !== speech.session_id) continue;
      const { text, reasoning, ...names } = speech;
      if (reasoning !== '') deltas.push({ type: 'model_delta', ...names, offset: 0, reasoning });
      if (text !== '') deltas.push({ type: 'model_delta', ...names, offset: 0, text });
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
    });
  }

  say(runId: string, attempt: number, channel: 'text' | 'reasoning', piece: string): void {
    const speech = this.#speeches.get(runId);
    if (speech === undefined) return;
    if (attempt !== speech.attempt) {
      speech.attempt = attempt;
      speech.text = '';
      speech.reasoning = '';
    }
    const offset = speech[channel].length;
    speech[channel] += piece;
    if (this.#listeners.size === 0) return;
    const { run_id, session_id, step } = speech;
    const delta: ModelDelta = {
      type: 'model_delta',
      run_id,
      session_id,
      step,
      attempt,
      offset,
      [channel]: piece,
    };
    for (const listener of this.#listeners) listener(delta);
  }

  end(runId: string): void {
    this.#speeches.delete(runId);
  }
}
