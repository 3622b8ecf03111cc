import { mkdirSync, writeFileSync } from 'node:fs';
import type { Store } from '../store.ts';
import { conversation, created, recording, withBlobs } from './commands.ts';
import type { TemporaryRoot } from './temporary-root.ts';

/** Long enough to be a file of `assets/`. */
export const LONG_TEXT = 'a long question? '.repeat(5_000);

/** A root with something of everything that a backup takes along, and of what it leaves. Its store stays open. */
export async function savedRoot(root: TemporaryRoot): Promise<Store> {
  const store = root.open();
  await store.beginIncarnation();
  await converse(store, 's1', LONG_TEXT);
  await converse(store, 'erased', LONG_TEXT.toUpperCase());
  await store.commit(recording('erased', { type: 'session_deleted', session_id: 'erased' }));
  await store.commit(
    recording('s1', shell('live'), shell('done'), {
      type: 'task_settled',
      session_id: 's1',
      task_id: 'done',
      status: 'completed',
      shell_end: {
        terminal_reason: 'exited',
        exit_code: 0,
        output_total_bytes: 1,
        output_rotation_count: 0,
        output_excerpt: 'x',
      },
    }),
  );
  await store.commit({
    load: { slots: ['a.b'] },
    decide: (state) => {
      state.record({ type: 'secret_slot_set', slot_id: 'a.b', provider: 'generic', version: 1 });
      state.seal('a.b', {
        slot_id: 'a.b',
        provider: 'generic',
        mode: 'api_key',
        summary: 'x',
        version: 1,
        updated_at_ms: 1,
        key_id: 'key-1',
        nonce: new Uint8Array(24),
        ciphertext: new Uint8Array(40),
      });
    },
  });
  mkdirSync(root.at('tasks'), { recursive: true });
  for (const name of ['live.out', 'live.out.1', 'done.out']) {
    writeFileSync(root.at('tasks', name), `printed to ${name}\n`);
  }
  writeFileSync(root.at('audit-signing.key'), 'a private key', { mode: 0o600 });
  writeFileSync(root.at('assets', 'f'.repeat(64)), 'of no row');
  return store;
}

export async function converse(store: Store, id: string, text: string): Promise<void> {
  await store.commit(recording(id, created(id)));
  const { body, blobs } = await store.blobs.prepare(id, text);
  await store.commit(withBlobs(conversation(id, `run-${id}`, body, 'fine'), blobs));
}

function shell(taskId: string) {
  return {
    type: 'task_created',
    session_id: 's1',
    task_id: taskId,
    kind: 'shell',
    title: 'x',
    description: 'x',
    status: 'in_progress',
    blocked_by: [] as string[],
    owner_agent_id: 'agent_1',
    call: { run_id: 'run-s1', action_id: 'run-s1.action' },
    command: 'sleep 9',
  } as const;
}
