import type { ModelDelta } from '@kheish/core-model';

interface Position {
  readonly step: number;
  readonly attempt: number;
  text: number;
  reasoning: number;
}

/**
 * How far each run's current model call was followed. Who attaches anew gets the text so far once more;
 * `fresh` returns the part of a delta that was not seen yet.
 */
export class DeltaPositions {
  readonly #runs = new Map<string, Position>();

  fresh(delta: ModelDelta): ModelDelta | undefined {
    const position = this.#positionOf(delta);
    if (position === undefined) return undefined;
    const channel = delta.text === undefined ? 'reasoning' : 'text';
    const words = delta[channel] ?? '';
    const seen = position[channel];
    const end = delta.offset + words.length;
    if (end <= seen) return undefined;
    position[channel] = end;
    if (delta.offset >= seen) return delta;
    return { ...delta, offset: seen, [channel]: words.slice(seen - delta.offset) };
  }

  forget(runId: string): void {
    this.#runs.delete(runId);
  }

  #positionOf(delta: ModelDelta): Position | undefined {
    const known = this.#runs.get(delta.run_id);
    if (known?.step === delta.step && known.attempt === delta.attempt) return known;
    const isOlder =
      known !== undefined &&
      (delta.step < known.step || (delta.step === known.step && delta.attempt < known.attempt));
    if (isOlder) return undefined;
    const position = { step: delta.step, attempt: delta.attempt, text: 0, reasoning: 0 };
    this.#runs.set(delta.run_id, position);
    return position;
  }
}
