import { randomBytes } from 'node:crypto';
import {
  type Clock,
  type DomainEvent,
  type EventOf,
  type NewId,
  idFactory,
} from '@kheish/core-model';
import { type Store, openStore } from '@kheish/state-store';

export interface RootSize {
  readonly sessions: number;
  /** Spread over the sessions; each is a whole run with one model call. */
  readonly runs: number;
  /** Of each session, to make its event large. */
  readonly systemPrompt?: string;
  /** In so many sessions a run more, in the middle of its model call as the daemon is killed. */
  readonly interrupted?: number;
}

/** Of a session its creation, of a run the five events that a plain turn leaves. */
export function eventsOf({ sessions, runs }: RootSize): number {
  return sessions + 5 * runs;
}

/** Commands that are committed together. */
const GROUP = 500;

/**
 * A state root as daemons would have left it, through the commit path that they use. Sessions are `session-0`,
 * `session-1` and so on; the first ones have the most runs.
 */
export async function makeLargeRoot(stateRoot: string, size: RootSize): Promise<void> {
  const clock: Clock = {
    now: () => Date.now(),
    monotonic: () => performance.now(),
    sleep: () => Promise.resolve(),
  };
  const newId = idFactory(clock, { bytes: (count) => randomBytes(count) });
  const store = openStore({ stateRoot, clock, newId, version: '1.0.0' });
  const incarnation = await store.beginIncarnation();
  for (let from = 0; from < size.sessions; from += GROUP) {
    const count = Math.min(GROUP, size.sessions - from);
    await Promise.all(
      Array.from({ length: count }, (_, index) => {
        const share = Math.floor(size.runs / size.sessions);
        const more = from + index < size.runs % size.sessions ? 1 : 0;
        const created = {
          session_id: `session-${from + index}`,
          agent_id: newId('agent'),
          ...(size.systemPrompt !== undefined && { system_prompt: size.systemPrompt }),
        };
        const cut = from + index < (size.interrupted ?? 0);
        return recordSession(store, created, { runs: share + more, cut }, newId);
      }),
    );
  }
  if (size.interrupted === undefined) await incarnation.end();
  await store.close();
}

function recordSession(
  store: Store,
  created: Omit<EventOf<'session_created'>, 'type'>,
  { runs, cut }: { runs: number; cut: boolean },
  newId: NewId,
): Promise<void> {
  const { session_id, agent_id } = created;
  const events: DomainEvent[] = [{ type: 'session_created', ...created }];
  for (let run = 0; run < runs; run += 1) {
    events.push(...eventsOfRun(session_id, agent_id, newId('run'), newId('action')));
  }
  if (cut)
    events.push(...eventsOfRun(session_id, agent_id, newId('run'), newId('action')).slice(0, 3));
  return store.commit({
    load: { session: session_id },
    decide: (state) => state.record(...events),
  });
}

const answer =
  'The inventory has two routes. The first one is used unless a session names the other.';

function eventsOfRun(
  session_id: string,
  agent_id: string,
  run_id: string,
  action_id: string,
): DomainEvent[] {
  const of = { session_id, run_id };
  const action = { action_id, step: 1, kind: 'model_call', target: 'model:bench/m' } as const;
  return [
    {
      type: 'run_accepted',
      ...of,
      agent_id,
      kind: 'input',
      request: {
        source_plugin: 'http',
        source_kind: 'api',
        actor_id: 'operator',
        content: 'What is in it?',
        text_preview: 'What is in it?',
      },
      route: { route_id: 'bench', driver: 'openai_compatible', model: 'm' },
    },
    { type: 'run_started', ...of, incarnation: 1 },
    {
      type: 'action_intended',
      ...of,
      ...action,
      effect: 'repeatable',
      request_digest: `sha256:${'0'.repeat(64)}`,
    },
    {
      type: 'action_settled',
      ...of,
      ...action,
      outcome: 'succeeded',
      message: {
        role: 'assistant',
        parts: [{ type: 'text', text: answer }],
        stop_reason: 'end',
        driver: 'openai_compatible',
        model: 'm',
      },
      usage: { input_tokens: 120, output_tokens: 20 },
    },
    { type: 'run_completed', ...of, outputs: [{ source_kind: 'assistant_text', content: answer }] },
  ];
}
