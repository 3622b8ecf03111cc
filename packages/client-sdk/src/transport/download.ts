import { type Operation, operations, startWatchdog } from '@kheish/core-model';
import { DaemonUnreachable, UnexpectedAnswer } from '../errors.ts';
import { addressOf } from './address.ts';
import { problemOf } from './answer.ts';
import type { DownloadId } from './request.ts';
import { type Transport, connectionError, open } from './transport.ts';

/** Milliseconds without a byte after which a download is given up. */
const SILENCE_MS = 60_000;

/**
 * The bytes of an answer of any length, as they come. Throws what the daemon reports, `DaemonUnreachable` also where the
 * connection is lost in the middle, `UnexpectedAnswer`, and the signal's reason.
 */
export async function* download(
  transport: Transport,
  id: DownloadId,
  query: Readonly<Record<string, string>>,
  options: { readonly signal?: AbortSignal | undefined },
): AsyncGenerator<Uint8Array, void, undefined> {
  const operation: Operation = operations[id];
  const silent = new AbortController();
  const watchdog = startWatchdog(transport.clock, { idleMs: SILENCE_MS }, () =>
    silent.abort(new DaemonUnreachable(transport.baseUrl, `silent for ${SILENCE_MS} ms`, false)),
  );
  const signal =
    options.signal === undefined ? silent.signal : AbortSignal.any([options.signal, silent.signal]);
  const address = addressOf(id, {}, query);
  try {
    const response = await open(transport, { method: operation.method, address }, signal);
    if (!response.ok) throw problemOf(response, await response.text());
    if (response.body === null) throw new UnexpectedAnswer(response.status, 'the answer is empty');
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { value, done } = await read(reader, transport, signal);
        if (done) return;
        watchdog.touch();
        yield value;
      }
    } finally {
      await reader.cancel().catch(() => undefined);
    }
  } finally {
    watchdog.stop();
  }
}

async function read(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  transport: Transport,
  signal: AbortSignal,
): ReturnType<ReadableStreamDefaultReader<Uint8Array>['read']> {
  try {
    return await reader.read();
  } catch (thrown) {
    throw connectionError(transport, thrown, signal);
  }
}
