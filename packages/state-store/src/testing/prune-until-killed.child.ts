import { ManualClock } from '@kheish/testkit';
import { openStore } from '../store.ts';
import { created, recording } from './commands.ts';
import { LONG_TEXT, converse } from './saved-root.ts';

// Makes ended sessions, then lets them leave, and is killed at a boundary of a commit of that.
const [stateRoot = '', point = '', nth = '0'] = process.argv.slice(2);
const clock = new ManualClock();
let ids = 0;
let left = Infinity;
const store = openStore({
  stateRoot,
  clock,
  newId: (prefix) => `${prefix}_${(ids += 1)}`,
  version: '1.0.0',
  reach: (reached) => {
    if (reached === point) left -= 1;
    if (left === 0) process.kill(process.pid, 'SIGKILL');
  },
});
await store.beginIncarnation();
await converse(store, 'long', LONG_TEXT);
const end = (id: string) => recording(id, { type: 'session_ended', session_id: id });
for (let n = 0; n < 250; n += 1) {
  const id = `s${String(n).padStart(3, '0')}`;
  void store.commit(recording(id, created(id)));
  void store.commit(end(id));
}
await store.commit(end('long'));
await store.commit(recording('open', created('open')));
clock.advance(10);
left = Number(nth);
await store.prune({ older_than_ms: 10 });
process.exit(0);
