import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { type IncomingMessage, get } from 'node:http';
import { join } from 'node:path';
import { createClient } from '@kheish/client-sdk';
import { expect, test } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { EventStream, openStream } from '../harness/event-stream.ts';
import { makeLargeRoot } from '../harness/large-root.ts';
import { until } from '../harness/until.ts';

// What would grow with a million events shows as well with fewer and larger ones: all of them are far more than the
// daemon may hold, and what is written beside the reader is far more than the log may hold.
const SESSIONS = 7_000;
const WRITTEN_BESIDE = 1_200;
const prompt = 'x'.repeat(15_000);
const MAX_GROWTH_MB = 90;
const MAX_LOG_MB = 12;

test('who reads the whole journal grows neither the daemon nor the log, and others go on [holds streams.bounded]', async () => {
  using box = sandbox();
  await makeLargeRoot(box.stateRoot, { sessions: SESSIONS, runs: 0, systemPrompt: prompt });
  await using daemon = await startDaemon({ sandbox: box });
  const client = createClient({ baseUrl: daemon.url });
  await client.sessions.create({ session_id: 'other' });

  const before = residentMb(daemon.pid);
  let [resident, log] = [before, 0];
  const look = () => {
    resident = Math.max(resident, residentMb(daemon.pid));
    log = Math.max(log, statSync(join(box.stateRoot, 'kheish.db-wal')).size / 1e6);
  };
  const request = get(`${daemon.url}/v1/events/stream?cursor=0`, { agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.pause();
  using other = await openStream(`${daemon.url}/v1/sessions/other/stream`);

  let left = WRITTEN_BESIDE;
  const write = async () => {
    while ((left -= 1) >= 0) {
      await client.sessions.create({ system_prompt: prompt });
      look();
    }
  };
  await Promise.all(Array.from({ length: 8 }, write));
  const { run_id } = await client.sessions.submit('other', 'scripted: say 10 words');
  await other.event('run_completed', run_id);
  expect(log).toBeLessThan(MAX_LOG_MB);

  using reader = new EventStream(response);
  response.resume();
  const { newest_event_id: head } = (await client.status()).events;
  await until('the newest event', () => {
    look();
    return Number(reader.lastId ?? 0) >= Number(head) || undefined;
  });
  expect(reader.durable.map(({ id }) => Number(id))).toEqual(
    Array.from({ length: Number(head) }, (_, index) => index + 1),
  );
  expect(resident - before).toBeLessThan(MAX_GROWTH_MB);
});

/** As the kernel has it. */
function residentMb(pid: number): number {
  const line = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(line?.[1]) / 1_024;
}
