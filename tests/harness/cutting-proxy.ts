import { once } from 'node:events';
import { type AddressInfo, type Socket, connect, createServer } from 'node:net';
import type { SeededChance } from './seeded-chance.ts';

/**
 * A bad network before a daemon: one connection of five is cut before it brought anything, the others so many bytes or
 * milliseconds after their first byte, so that a slow machine comes through too.
 */
export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  /** Connections that were cut while both sides still held them. */
  readonly cuts: number;
  /** Where connections go from now on; undefined: nowhere. */
  leadTo(url: string | undefined): void;
}

export interface CutLimits {
  readonly bytes: number;
  readonly ms: number;
}

export async function startCuttingProxy(
  chance: SeededChance,
  limits: CutLimits,
): Promise<CuttingProxy> {
  const open = new Set<Socket>();
  let target: URL | undefined;
  let cuts = 0;
  const server = createServer((near) => {
    if (target === undefined) {
      near.destroy();
      return;
    }
    const far = connect(Number(target.port), target.hostname);
    const end = () => {
      clearTimeout(timer);
      near.destroy();
      far.destroy();
    };
    const cut = () => {
      if (!near.destroyed && !far.destroyed) cuts += 1;
      end();
    };
    const lifeMs = chance.between(1, limits.ms);
    let timer = chance.between(1, 5) === 1 ? setTimeout(cut, lifeMs) : undefined;
    let left = chance.between(1, limits.bytes);
    far.on('data', (piece) => {
      timer ??= setTimeout(cut, lifeMs);
      near.write(piece.subarray(0, left));
      left -= piece.length;
      if (left <= 0) cut();
    });
    near.pipe(far);
    open.add(near);
    far.on('error', end).on('end', () => near.end());
    near.on('error', end).on('close', () => {
      open.delete(near);
      end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    get cuts() {
      return cuts;
    },
    leadTo: (url) => (target = url === undefined ? undefined : new URL(url)),
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const near of open) near.destroy();
      await once(server, 'close');
    },
  };
}
