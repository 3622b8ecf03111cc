import type { Engine } from '@kheish/run-engine';
import { type DaemonState, daemonApi } from './daemon-api.ts';
import type { DaemonOptions } from './daemon-options.ts';
import { openParts } from './daemon-parts.ts';

/** A daemon that serves. Several may run in one process, each on a state root of its own. */
export interface Daemon extends AsyncDisposable {
  /** `http://host:port`. */
  readonly url: string;
  readonly rootId: string;
  readonly incarnation: number;
  /** Runs taken over from earlier starts. */
  readonly recovered: number;
  /**
   * Drains and stops: no new run begins, what is under way gets `drainTimeoutMs`, and goes on at the next start
   * where that was too short. Resolves when nothing of it is left open.
   */
  close(options?: { drainTimeoutMs?: number }): Promise<void>;
}

const DRAIN_TIMEOUT_MS = 10_000;

/** Opens the state root, takes over what was left running, and serves. Throws what the caller can mend. */
export async function createDaemon(options: DaemonOptions): Promise<Daemon> {
  await using opening = new AsyncDisposableStack();
  const parts = await openParts(options, opening);
  const { store, engine, incarnation } = parts;
  const state: DaemonState = { phase: 'starting', address: '' };
  const api = daemonApi(options, parts, state);
  const { address, port } = await api.listen(options.bind);
  opening.defer(() => api.close());
  state.address = `${address.includes(':') ? `[${address}]` : address}:${port}`;
  const { recovered } = await engine.recover();
  store.announce(state.address);
  state.phase = 'serving';

  const closing = opening.move();
  let closed: Promise<void> | undefined;
  const close: Daemon['close'] = (how = {}) => {
    state.phase = 'draining';
    closed ??= stop(engine, how.drainTimeoutMs ?? DRAIN_TIMEOUT_MS, closing);
    return closed;
  };
  return {
    url: `http://${state.address}`,
    rootId: store.root.rootId,
    incarnation: incarnation.number,
    recovered,
    close,
    [Symbol.asyncDispose]: () => close(),
  };
}

/** Probes and streams answer while the last steps come to their end; then the door is shut. */
async function stop(
  engine: Engine,
  drainTimeoutMs: number,
  rest: AsyncDisposableStack,
): Promise<void> {
  try {
    await engine.drain(drainTimeoutMs);
  } finally {
    await rest.disposeAsync();
  }
}
