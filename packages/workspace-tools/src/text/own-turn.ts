let turn = Promise.resolve();

/** A turn of the event loop of one's own: a piece of work takes milliseconds, and many may be under way at once. */
export function ownTurn(): Promise<void> {
  turn = turn.then(() => new Promise((resolve) => setImmediate(resolve)));
  return turn;
}
