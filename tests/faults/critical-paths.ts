import { expect } from 'vitest';
import { until } from '../harness/until.ts';
import type { FaultedDaemon } from './faulted-daemon.ts';

/** What a caller does, to be done again under the same keys where it was refused. */
export type CriticalPath = (daemon: FaultedDaemon, id: string) => Promise<void>;

const openSession: CriticalPath = async (daemon, id) => {
  await daemon.done('POST', '/v1/sessions', { session_id: id }, `create-${id}`);
  daemon.acknowledged.set(`/v1/sessions/${id}`, 200);
};

async function runTo(daemon: FaultedDaemon, id: string, content: string): Promise<void> {
  await openSession(daemon, id);
  const path = `/v1/sessions/${id}/runs`;
  const { run_id: runId } = await daemon.done('POST', path, { content }, `submit-${id}`);
  daemon.acknowledged.set(`/v1/runs/${String(runId)}`, 200);
  const status = await until(`the end of run ${String(runId)}`, async () => {
    const { body } = await daemon.ask('GET', `/v1/runs/${String(runId)}`);
    return ['queued', 'running'].includes(String(body['status'])) ? undefined : body['status'];
  });
  expect(status).toBe('completed');
}

/** By name. Each brings its own session, so that it can be done any number of times. */
export const criticalPaths: Readonly<Record<string, CriticalPath>> = {
  'create a session': openSession,
  'run to the end with tools': (daemon, id) => runTo(daemon, id, `look at ${id}`),
  'keep a large text': (daemon, id) => runTo(daemon, id, `${id} ${'x'.repeat(100_000)}`),
  'set a secret': async (daemon, id) => {
    const slot = {
      slot_id: id,
      provider: 'generic',
      mode: 'opaque_secret',
      state: { value: `value ${id}` },
    };
    await daemon.done('POST', '/v1/runtime/secrets', slot, `secret-${id}`);
    daemon.acknowledged.set(`/v1/runtime/secrets/${id}`, 200);
  },
  'end a session': async (daemon, id) => {
    await openSession(daemon, id);
    await daemon.done('POST', `/v1/sessions/${id}/end`, {}, `end-${id}`);
  },
  'delete a session': async (daemon, id) => {
    const path = `/v1/sessions/${id}`;
    if (daemon.acknowledged.get(path) === undefined) await openSession(daemon, id);
    const { status } = await daemon.ask('DELETE', path);
    // A refused delete may have come to the disk with a later group: then there is nothing to delete any more.
    expect([200, 404]).toContain(status);
    daemon.acknowledged.set(path, 404);
  },
};
