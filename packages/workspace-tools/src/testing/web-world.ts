import type { RequestListener } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Clock, KheishError } from '@kheish/core-model';
import { type Resolve, createEgress } from '@kheish/egress';
import { OutgoingConnects, listening, publicAddress, resolveNames } from '@kheish/testkit';
import { onTestFinished } from 'vitest';
import { createWebTools } from '../web/create-web-tools.ts';

const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, { signal }),
};

/** `web_fetch` over the real egress, in a world where every connect(2) is seen and public ones stay on this machine. */
export class WebWorld implements Disposable {
  readonly connects: OutgoingConnects;
  resolve: Resolve = resolveNames;

  private constructor(connects: OutgoingConnects) {
    this.connects = connects;
  }

  static async create(): Promise<WebWorld> {
    return new WebWorld(await OutgoingConnects.watch());
  }

  /** What stands at a public address, port 80. */
  async site(answer: RequestListener, address = publicAddress) {
    const site = await listening(answer);
    this.connects.lead(address, 80, site.port);
    return site;
  }

  async fetch(
    url: string,
    input: object = {},
    signal = new AbortController().signal,
  ): Promise<string> {
    const egress = createEgress({ clock, resolve: (host) => this.resolve(host) });
    onTestFinished(() => egress.close());
    const [tool] = createWebTools({ egress });
    if (tool === undefined) throw new Error('no tool');
    const ids = { session_id: 's', run_id: 'run_1', action_id: 'act_1' };
    const { content } = await tool.run(tool.parse({ url, ...input }), {
      ...ids,
      signal,
      reach: 'workspace_write',
      begin: () => Promise.resolve(),
      background: () => Promise.reject(new Error('there are no tasks here')),
    });
    return content;
  }

  /** The answer of the public site, fetched. */
  async answer(answer: RequestListener, input: object = {}): Promise<string> {
    await this.site(answer);
    return this.fetch('http://public.test/', input);
  }

  async codeOf(url: string): Promise<string> {
    try {
      return `answered: ${await this.fetch(url)}`;
    } catch (thrown) {
      if (thrown instanceof KheishError) return thrown.code;
      throw thrown;
    }
  }

  [Symbol.dispose](): void {
    this.connects[Symbol.dispose]();
  }
}
