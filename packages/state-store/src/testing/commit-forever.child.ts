import { ManualClock } from '@kheish/testkit';
import { openStore } from '../store.ts';
import { conversation, created, recording, withBlobs } from './commands.ts';

// Commits until it is killed. Prints each session with its last sequence number once that is acknowledged.
const [stateRoot = ''] = process.argv.slice(2);
let ids = 0;
const store = openStore({
  stateRoot,
  clock: new ManualClock(),
  newId: (prefix) => `${prefix}_${(ids += 1)}`,
  version: '1.0.0',
});
const { number } = await store.beginIncarnation();
const lastSeq = new Map<string | undefined, number>();
store.feed.subscribe((rows) => {
  for (const row of rows) lastSeq.set(row.session_id, row.seq);
});

async function work(lane: number): Promise<never> {
  for (let round = 0; ; round += 1) {
    const id = `${number}-${lane}-${round}`;
    await store.commit(recording(id, created(id)));
    const text = `${id} ${'x'.repeat(round % 4 === 0 ? 70_000 : 20_000)}`;
    const { body, blobs } = await store.blobs.prepare(id, text);
    await store.commit(withBlobs(conversation(id, `run-${id}`, body, 'fine'), blobs));
    process.stdout.write(`${id} ${lastSeq.get(id)}.\n`);
    if (round % 7 === 6) {
      await store.commit(recording(id, { type: 'session_deleted', session_id: id }));
      process.stdout.write(`${id} deleted.\n`);
    }
  }
}

await Promise.all([1, 2, 3, 4, 5].map(work));
