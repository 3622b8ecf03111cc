/** Numbers that one seed repeats (mulberry32). */
export class SeededChance {
  readonly seed: number;
  #state: number;

  constructor(seed: number) {
    this.seed = seed;
    this.#state = seed >>> 0;
  }

  /** A whole number from `from` to `to`, both possible. */
  between(from: number, to: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    const share = ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    return from + Math.floor(share * (to - from + 1));
  }
}

/** The seed of `CRASH_SEED`, to repeat a failure; else a new one. */
export function crashSeed(): number {
  const given = process.env['CRASH_SEED'];
  return given === undefined ? Date.now() % 2 ** 32 : Number(given);
}
