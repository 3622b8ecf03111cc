import { KheishError, type RunStatus } from '@kheish/core-model';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Command } from './commit/command.ts';
import type { Store } from './store.ts';
import {
  accepted,
  answered,
  completed,
  created,
  failed,
  intended,
  started,
} from './testing/commands.ts';
import { TemporaryRoot } from './testing/temporary-root.ts';

/** What must be true of a session, said as simply as possible. */
interface Model {
  status: 'open' | 'deleted';
  readonly runs: { readonly id: string; status: RunStatus; step: number }[];
  texts: string[];
}

const kinds = [
  'create',
  'submit',
  'start',
  'step',
  'complete',
  'fail',
  'cancel',
  'delete',
] as const;
/** Most of what happens is work; sessions do not end too soon. */
const anyKind = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...kinds) },
  { weight: 5, arbitrary: fc.constantFrom('submit', 'start', 'step', 'complete') },
);
const operation = fc.record({
  session: fc.constantFrom('a', 'b', 'c', 'ü'),
  kind: anyKind,
  text: fc.string({ unit: 'grapheme', maxLength: 40 }),
  size: fc.constantFrom(0, 0, 17_000, 66_000),
  /** Whether the next operation waits for this one. */
  alone: fc.boolean(),
});
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

/** Applies an operation to the model; the events it stands for, or undefined where it must be refused. */
function events(
  model: Map<string, Model>,
  { kind, session: id }: Operation,
  text: string,
  n: number,
) {
  const session = model.get(id);
  if (kind === 'create') {
    if (session !== undefined) return undefined;
    model.set(id, { status: 'open', runs: [], texts: [] });
    return [created(id, text)];
  }
  if (session === undefined || session.status === 'deleted') return undefined;
  const active = session.runs.find((run) => run.status === 'running');
  const queued = session.runs.find((run) => run.status === 'queued');
  if (kind === 'submit') {
    session.runs.push({ id: `run_${n}`, status: 'queued', step: 0 });
    return [];
  }
  if (kind === 'start') {
    if (active !== undefined || queued === undefined) return undefined;
    queued.status = 'running';
    return [started(id, queued.id)];
  }
  if (kind === 'cancel') {
    if (queued === undefined) return undefined;
    queued.status = 'cancelled';
    return [{ type: 'run_cancelled', session_id: id, run_id: queued.id } as const];
  }
  if (kind === 'delete') {
    if (active !== undefined || queued !== undefined) return undefined;
    session.status = 'deleted';
    session.texts = [];
    return [{ type: 'session_deleted', session_id: id } as const];
  }
  if (active === undefined) return undefined;
  if (kind === 'step') {
    active.step += 1;
    const action = `action_${n}`;
    session.texts.push(text);
    return [intended(id, active.id, action, active.step), answered(id, active.id, action, text)];
  }
  active.status = kind === 'complete' ? 'completed' : 'failed';
  return kind === 'complete'
    ? [completed(id, active.id, text)]
    : [failed(id, active.id, { domain: 'models', code: 'refused', detail: text })];
}

const refuse = () => {
  throw new KheishError('sessions/session_busy', 'no');
};

/** Hands the operation to the store, without waiting for its commit. */
async function apply(
  store: Store,
  model: Map<string, Model>,
  questions: Map<string, string>,
  op: Operation,
  n: number,
): Promise<{ committed: Promise<unknown> }> {
  const text = op.text + 'x'.repeat(op.kind === 'submit' ? op.size : 0);
  const recorded = events(model, op, text, n);
  const load: Command<void>['load'] = { session: op.session };
  if (recorded === undefined) {
    return { committed: store.commit({ load, decide: refuse }).catch(() => undefined) };
  }
  if (op.kind === 'submit') {
    questions.set(`run_${n}`, text);
    const { body, blobs } = await store.blobs.prepare(op.session, text);
    const event = accepted(op.session, `run_${n}`, body);
    return { committed: store.commit({ load, decide: (state) => state.record(event), blobs }) };
  }
  if (op.kind === 'start') {
    const runId = (recorded[0] as { run_id: string }).run_id;
    model.get(op.session)?.texts.push(questions.get(runId) ?? '');
  }
  const runId = recorded.find((event) => 'run_id' in event)?.run_id;
  const committed = store.commit({
    load: { ...load, ...(runId !== undefined && { run: runId }) },
    decide: (state) => state.record(...recorded),
  });
  return { committed };
}

async function textsOf(store: Store, sessionId: string): Promise<string[]> {
  const texts: string[] = [];
  for (const { message } of store.read.messages(sessionId, { from: 0, limit: 1_000 })) {
    const part = message.role === 'assistant' ? message.parts[0] : undefined;
    const body = message.role === 'user' ? message.content : part?.type === 'text' && part.text;
    texts.push(await store.blobs.text(sessionId, body || ''));
  }
  return texts;
}

async function compare(store: Store, model: Map<string, Model>): Promise<void> {
  const report = await store.verify();
  expect(report.findings).toEqual([]);
  expect(report.events).toBe(store.feed.head());
  for (const [id, { status, runs, texts }] of model) {
    expect(store.read.session(id)?.status).toBe(status);
    const kept = store.read.runs({ limit: 1_000, order: 'asc', sessionId: id });
    expect(kept.map(({ run }) => [run.run_id, run.status, run.step])).toEqual(
      runs.map((run) => [run.id, run.status, run.step]),
    );
    expect(await textsOf(store, id)).toEqual(texts);
  }
}

test(
  'whatever is decided, the tables are what the journal makes of it, and survive a restart',
  {
    timeout: 60_000,
  },
  async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(operation, { minLength: 10, maxLength: 120 }),
        async (operations) => {
          await using root = new TemporaryRoot();
          const store = root.open();
          const model = new Map<string, Model>();
          const questions = new Map<string, string>();
          let waiting: Promise<unknown>[] = [];
          for (const [n, op] of operations.entries()) {
            waiting.push((await apply(store, model, questions, op, n)).committed);
            if (op.alone) {
              await Promise.all(waiting);
              waiting = [];
            }
          }
          await Promise.all(waiting);
          await compare(store, model);
          await store.close();
          await compare(root.open(), model);
        },
      ),
      { numRuns: 40 },
    );
  },
);
