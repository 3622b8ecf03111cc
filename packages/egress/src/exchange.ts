import { type Clock, KheishError, type Watchdog, startWatchdog } from '@kheish/core-model';
import type { Agent, Dispatcher } from 'undici';
import { egressFailure } from './failure.ts';
import { ResponseBody } from './response-body.ts';

/** How long a response whose reader left may go on, so that its connection can serve the next request. */
const ABANDON_GRACE_MS = 500;

/** Absent limits do not apply. */
export interface EgressLimits {
  /** Longest silence: before the first byte, and between two. */
  readonly inactivityMs?: number;
  /** From the request to the last byte of the body. */
  readonly totalMs?: number;
  readonly maxResponseBytes?: number;
}

export interface EgressResponse {
  /** Where it came from: after redirects another than was asked. */
  readonly url: string;
  readonly status: number;
  /** Names in lower case; a repeated header joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  /** Read it, or leave it by `return`: it holds the connection. */
  readonly body: AsyncIterable<Uint8Array>;
}

export interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array | undefined;
  readonly limits: EgressLimits;
  readonly signal: AbortSignal | undefined;
  readonly admit: (() => void) | undefined;
}

/** One request and its response. Rejects with an error of domain `egress`, or with the signal's reason. */
export function exchange(clock: Clock, agent: Agent, hop: Hop): Promise<EgressResponse> {
  return new Promise((resolve, reject) => {
    if (hop.signal?.aborted === true) {
      reject(hop.signal.reason as Error);
      return;
    }
    const { url, method, headers, body = null } = hop;
    agent.dispatch(
      { origin: url.origin, path: url.pathname + url.search, method, headers, body },
      new Exchange(clock, hop, resolve, reject),
    );
  });
}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #clock: Clock;
  readonly #hop: Hop;
  readonly #resolve: (response: EgressResponse) => void;
  readonly #reject: (failure: Error) => void;
  readonly #watchdog: Watchdog;
  readonly #over = new AbortController();
  #controller: Dispatcher.DispatchController | undefined;
  #body: ResponseBody | undefined;

  constructor(
    clock: Clock,
    hop: Hop,
    resolve: (response: EgressResponse) => void,
    reject: (failure: Error) => void,
  ) {
    this.#clock = clock;
    this.#hop = hop;
    this.#resolve = resolve;
    this.#reject = reject;
    const { inactivityMs, totalMs } = hop.limits;
    this.#watchdog = startWatchdog(clock, { idleMs: inactivityMs, totalMs }, (limit) => {
      const passed =
        limit === 'idle' ? `was silent for ${inactivityMs} ms` : `did not end within ${totalMs} ms`;
      this.#stop(new KheishError('egress/timeout', `${hop.url.origin} ${passed}.`));
    });
    hop.signal?.addEventListener('abort', this.#onAbort);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#over.signal.aborted) {
      controller.abort(new Error('It ended before it was sent.'));
      return;
    }
    try {
      this.#hop.admit?.();
    } catch (refusal) {
      this.#settle(refusal as Error);
      // Thrown, it keeps the request and not the connection.
      throw refusal;
    }
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (status < 200) return;
    this.#watchdog.touch();
    const source = {
      pause: () => controller.pause(),
      resume: () => controller.resume(),
      abandon: () => this.#abandon(),
    };
    this.#body = new ResponseBody(source, this.#hop.limits.maxResponseBytes ?? Infinity);
    const { href: url } = this.#hop.url;
    this.#resolve({ url, status, headers: joined(headers), body: this.#body });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    this.#watchdog.touch();
    const overflow = this.#body?.push(chunk);
    if (overflow !== undefined) this.#stop(overflow);
  }

  onResponseEnd(): void {
    this.#settle();
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(egressFailure(error, this.#hop.url.origin, this.#controller !== undefined));
  }

  readonly #onAbort = (): void => this.#stop(this.#hop.signal?.reason as Error);

  #stop(failure: Error): void {
    this.#settle(failure);
    this.#controller?.abort(failure);
  }

  #settle(failure?: Error): void {
    if (this.#over.signal.aborted) return;
    this.#over.abort(exchangeOver);
    this.#watchdog.stop();
    this.#hop.signal?.removeEventListener('abort', this.#onAbort);
    if (this.#body !== undefined) this.#body.end(failure);
    else if (failure !== undefined) this.#reject(failure);
  }

  #abandon(): void {
    this.#clock.sleep(ABANDON_GRACE_MS, this.#over.signal).then(
      () => this.#stop(new KheishError('egress/connection_lost', 'The reader left.')),
      () => undefined,
    );
  }
}

/** Made once: a reason of its own for each abort would cost a stack trace each time. */
const exchangeOver = new Error('the exchange is over');

function joined(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(', ') : (value ?? ''),
  ]);
  return Object.fromEntries(entries) as Record<string, string>;
}
