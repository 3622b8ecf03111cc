import { createClient } from '@kheish/client-sdk';
import { expect } from 'vitest';
import type { DaemonProcess } from '../../harness/daemon-process.ts';

/** A slot that is written again and again while the daemon is killed. */
export class KeptSecrets {
  #asked = 0;
  #kept = 0;

  /** Writes until the daemon is gone. */
  async write(daemon: DaemonProcess): Promise<void> {
    const client = createClient({ baseUrl: daemon.url, graceMs: 0 });
    while (daemon.alive) {
      this.#asked += 1;
      try {
        const { version } = await client.secrets.set({
          slot_id: 'stirred',
          provider: 'generic',
          mode: 'opaque_secret',
          state: { value: `value ${this.#asked}` },
        });
        expectBetween(version, this.#kept + 1, this.#asked);
        this.#kept = version;
      } catch (error) {
        if ((error as Error).name === 'DaemonUnreachable') return;
        throw error;
      }
    }
  }

  async expectKept(daemon: DaemonProcess): Promise<void> {
    if (this.#kept === 0) return;
    const { version } = await createClient({ baseUrl: daemon.url }).secrets.get('stirred');
    expectBetween(version, this.#kept, this.#asked);
  }
}

function expectBetween(version: number, least: number, most: number): void {
  expect(version).toBeGreaterThanOrEqual(least);
  expect(version).toBeLessThanOrEqual(most);
}
