import type { KheishError } from '@kheish/core-model';
import { resolveNames } from '@kheish/testkit';
import { onTestFinished } from 'vitest';
import type { Resolve } from '../address/public-lookup.ts';
import { type Egress, createEgress } from '../egress.ts';
import type { EgressResponse } from '../exchange.ts';
import { realClock } from './real-clock.ts';

export function egressOf(resolve: Resolve = resolveNames): Egress {
  const egress = createEgress({ clock: realClock, resolve });
  onTestFinished(() => egress.close());
  return egress;
}

export function ask(egress: Egress, url: string, more: object = {}): Promise<EgressResponse> {
  return egress.request({ policy: { kind: 'public' }, url, method: 'GET', ...more });
}

export async function codeOf(answer: Promise<unknown>): Promise<string> {
  return answer.then(
    () => 'answered',
    (error: KheishError) => error.code,
  );
}

export async function textOf({ body }: EgressResponse): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
