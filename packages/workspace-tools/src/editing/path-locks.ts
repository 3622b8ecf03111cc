/** Serialises what works on the same paths; what works on others goes on meanwhile. */
export class PathLocks {
  readonly #held = new Map<string, Promise<void>>();

  /** Runs `act` once none of the paths is held by another, and holds them all until it ends. */
  async hold<T>(paths: readonly string[], act: () => Promise<T>): Promise<T> {
    // All at once or none: who holds one path never waits for another.
    for (let others = this.#holders(paths); others.length > 0; others = this.#holders(paths)) {
      await Promise.all(others);
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    for (const path of paths) this.#held.set(path, promise);
    try {
      return await act();
    } finally {
      for (const path of paths) this.#held.delete(path);
      resolve();
    }
  }

  #holders(paths: readonly string[]): Promise<void>[] {
    return paths.flatMap((path) => this.#held.get(path) ?? []);
  }
}
