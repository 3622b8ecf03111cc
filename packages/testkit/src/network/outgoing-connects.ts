import { once } from 'node:events';
import { createServer } from 'node:net';

/** Node's own handle: each `connect` of it is one connect(2). */
type Connect = (this: TcpHandle, request: object, address: string, port: number) => number;

interface TcpHandle {
  connect: Connect;
  connect6: Connect;
}

const ECONNREFUSED = -111;
const loopback = /^(?:127\.|::1$|0\.0\.0\.0$|::$)/;

/**
 * Every connect(2) of this process while it lives. Addresses of this machine are really connected to; others lead to
 * the local port they were given, or are refused at once: no packet leaves the machine.
 */
export class OutgoingConnects implements Disposable {
  /** `address:port`, in their order. */
  readonly seen: string[] = [];
  readonly #leads = new Map<string, number>();
  readonly #prototype: TcpHandle;
  readonly #original: TcpHandle;

  private constructor(prototype: TcpHandle) {
    const { connect, connect6 } = prototype;
    this.#prototype = prototype;
    this.#original = { connect, connect6 };
    const { seen } = this;
    const leads = this.#leads;
    const watched: Connect = function watched(request, address, port) {
      seen.push(`${address}:${port}`);
      const lead = leads.get(`${address}:${port}`);
      if (lead !== undefined) return connect.call(this, request, '127.0.0.1', lead);
      if (!loopback.test(address)) return ECONNREFUSED;
      return (address.includes(':') ? connect6 : connect).call(this, request, address, port);
    };
    prototype.connect = watched;
    prototype.connect6 = watched;
  }

  static async watch(): Promise<OutgoingConnects> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const handle = (server as unknown as { _handle: TcpHandle })._handle;
    const prototype = Object.getPrototypeOf(handle) as TcpHandle;
    server.close();
    return new OutgoingConnects(prototype);
  }

  /** Lets what stands for a public server answer at its address. */
  lead(address: string, port: number, toLocalPort: number): void {
    this.#leads.set(`${address}:${port}`, toLocalPort);
  }

  [Symbol.dispose](): void {
    Object.assign(this.#prototype, this.#original);
  }
}
