import type { RecordedEvent } from '@kheish/core-model';
import { expect } from 'vitest';

/** What may follow what, written down a second time: the judge knows nothing of the code that it judges. */
const listed: Readonly<Record<string, readonly string[]>> = {
  none: ['queued'],
  queued: ['running', 'failed', 'cancelled'],
  running: [
    'waiting_for_approval',
    'waiting_for_user_question',
    'completed',
    'failed',
    'interrupted',
    'cancelled',
  ],
  waiting_for_approval: ['running', 'failed', 'interrupted', 'cancelled'],
  waiting_for_user_question: ['running', 'failed', 'interrupted', 'cancelled'],
};

interface JudgedRun {
  status: string;
  readonly session: string;
  readonly route: string;
  incarnation: number;
  stop?: string;
  readonly open: Set<string>;
  readonly begun: Set<string>;
  /** Requests that are open. */
  readonly asked: Set<string>;
  calls: number;
}

interface JudgedSession {
  status: 'open' | 'ended' | 'deleted';
  /** First message that prompts show, and first output of a tool that they show as it came. */
  readonly shown: [number, number];
  active?: string;
  readonly queue: string[];
}

export interface JudgedLimits {
  readonly maxRunningRuns: number;
  readonly maxRunningRunsPerRoute: number;
  readonly maxQueuedRunsPerSession: number;
}

/** Reads a journal from its first event on and holds each against what was before. */
export class JournalJudge {
  readonly runs = new Map<string, JudgedRun>();
  readonly sessions = new Map<string, JudgedSession>();
  readonly #actions = new Set<string>();
  /** Requests that were allowed, and not acted on yet. */
  readonly #granted = new Set<string>();
  readonly #limits: JudgedLimits;
  #incarnation = 0;
  #seq = 0;

  constructor(limits: JudgedLimits) {
    this.#limits = limits;
  }

  read(event: RecordedEvent): void {
    sameAs(event.seq, (this.#seq += 1), event);
    switch (event.type) {
      case 'daemon_started':
        sameAs(event.incarnation, (this.#incarnation += 1), event);
        return;
      case 'session_created':
        sameAs(this.sessions.has(event.session_id), false, event);
        this.sessions.set(event.session_id, { status: 'open', shown: [0, 0], queue: [] });
        return;
      case 'session_ended':
      case 'session_deleted':
        this.#leave(event);
        return;
      case 'run_accepted':
        this.#accept(event);
        return;
      case 'run_started':
        this.#start(event);
        return;
      case 'run_recovered':
      case 'run_stop_requested':
      case 'action_intended':
      case 'action_started':
      case 'action_settled':
        this.#goOn(event);
        return;
      case 'context_compacted':
      case 'context_limited':
        this.#shorten(event);
        return;
      case 'run_suspended':
      case 'run_resumed':
        this.#wait(event);
        return;
      case 'approval_requested':
      case 'question_requested':
        this.#ask(event);
        return;
      case 'approval_resolved':
      case 'approval_voided':
      case 'question_resolved':
      case 'question_voided':
        sameAs(this.#run(event).asked.delete(event.request_id), true, event);
        if (event.type === 'approval_resolved' && event.behavior === 'allow') {
          this.#granted.add(event.request_id);
        }
        return;
      case 'run_completed':
      case 'run_failed':
      case 'run_interrupted':
      case 'run_cancelled':
        this.#end(event);
        return;
      default:
    }
  }

  #session(event: RecordedEvent & { session_id: string }): JudgedSession {
    const session = this.sessions.get(event.session_id);
    if (session === undefined) throw new Error(`no session: ${JSON.stringify(event)}`);
    return session;
  }

  #run(event: RecordedEvent & { run_id: string }): JudgedRun {
    const run = this.runs.get(event.run_id);
    if (run === undefined) throw new Error(`no run: ${JSON.stringify(event)}`);
    return run;
  }

  #leave(event: RecordedEvent & { type: 'session_ended' | 'session_deleted' }): void {
    const session = this.#session(event);
    const before = event.type === 'session_ended' ? ['open'] : ['open', 'ended'];
    oneOf(session.status, before, event);
    sameAs(session.active, undefined, event);
    sameAs(session.queue.length, 0, event);
    session.status = event.type === 'session_ended' ? 'ended' : 'deleted';
  }

  #accept(event: RecordedEvent & { type: 'run_accepted' }): void {
    const session = this.#session(event);
    sameAs(session.status, 'open', event);
    sameAs(this.runs.has(event.run_id), false, event);
    session.queue.push(event.run_id);
    atMost(session.queue.length, this.#limits.maxQueuedRunsPerSession, event);
    this.runs.set(event.run_id, {
      status: 'queued',
      session: event.session_id,
      route: event.route.route_id,
      incarnation: 0,
      open: new Set(),
      begun: new Set(),
      asked: new Set(),
      calls: 0,
    });
  }

  #start(event: RecordedEvent & { type: 'run_started' }): void {
    const session = this.#session(event);
    const run = this.#become(event, 'running');
    sameAs(session.active, undefined, event);
    sameAs(session.queue.shift(), event.run_id, event);
    sameAs(event.incarnation, this.#incarnation, event);
    session.active = event.run_id;
    run.incarnation = event.incarnation;
    const running = [...this.runs.values()].filter(({ status }) => status === 'running');
    atMost(running.length, this.#limits.maxRunningRuns, event);
    const onRoute = running.filter(({ route }) => route === run.route);
    atMost(onRoute.length, this.#limits.maxRunningRunsPerRoute, event);
  }

  #goOn(
    event: RecordedEvent & {
      type:
        | 'run_recovered'
        | 'run_stop_requested'
        | 'action_intended'
        | 'action_started'
        | 'action_settled';
    },
  ): void {
    const run = this.#run(event);
    sameAs(run.status, 'running', event);
    if (event.type === 'run_stop_requested') {
      oneOf(run.stop, event.as === 'cancelled' ? [undefined, 'interrupted'] : [undefined], event);
      run.stop = event.as;
      return;
    }
    if (event.type === 'run_recovered') {
      atMost(run.incarnation + 1, event.incarnation, event);
      run.incarnation = event.incarnation;
    }
    sameAs(run.incarnation, this.#incarnation, event);
    if (event.type === 'action_intended') {
      sameAs(run.stop, undefined, event);
      sameAs(this.#actions.has(event.action_id), false, event);
      this.#actions.add(event.action_id);
      if (event.kind === 'model_call') run.calls += 1;
      sameAs(event.step, run.calls, event);
      // Nothing goes on beside a compaction: the transcript stands still.
      if (event.kind === 'compaction') sameAs(run.open.size, 0, event);
      // An approval is used up by the call that it was given for.
      const { approval } = event;
      if (approval !== undefined) sameAs(this.#granted.delete(approval.request_id), true, event);
      run.open.add(event.action_id);
    } else if (event.type === 'action_started') {
      sameAs(run.open.has(event.action_id), true, event);
      sameAs(run.begun.has(event.action_id), false, event);
      run.begun.add(event.action_id);
    } else if (event.type === 'action_settled') {
      sameAs(run.open.delete(event.action_id), true, event);
    }
  }

  /** Prompts show less and less of a transcript, and a call of the model follows. */
  #shorten(event: RecordedEvent & { type: 'context_compacted' | 'context_limited' }): void {
    const run = this.#run(event);
    sameAs(run.status, 'running', event);
    sameAs(run.stop, undefined, event);
    sameAs(run.open.size, 0, event);
    if (event.type === 'context_limited') return;
    const { shown } = this.#session(event);
    const { boundary, outputs_before: outputs, request, summarized } = event;
    atMost(shown[0], boundary, event);
    atMost(shown[1], outputs, event);
    atMost(1, boundary - shown[0] + outputs - shown[1], event);
    atMost(summarized, boundary, event);
    if (request !== undefined) atMost(request + 1, boundary, event);
    atMost(event.tokens_after, event.tokens_before, event);
    shown.splice(0, 2, boundary, outputs);
  }

  /** A run waits only where nothing of it is under way, and goes on under the start that is there. */
  #wait(event: RecordedEvent & { type: 'run_suspended' | 'run_resumed' }): void {
    const run = this.#run(event);
    sameAs(run.open.size, 0, event);
    sameAs(run.stop, undefined, event);
    if (event.type === 'run_resumed') {
      sameAs(event.incarnation, this.#incarnation, event);
      run.incarnation = event.incarnation;
      this.#become(event, 'running');
    } else {
      sameAs(run.asked.size > 0, true, event);
      this.#become(event, `waiting_for_${event.waiting_for}`);
    }
  }

  #ask(event: RecordedEvent & { type: 'approval_requested' | 'question_requested' }): void {
    const run = this.#run(event);
    sameAs(run.status, 'running', event);
    sameAs(run.stop, undefined, event);
    sameAs(this.#actions.has(event.request.id), false, event);
    this.#actions.add(event.request.id);
    run.asked.add(event.request.id);
  }

  #end(event: RecordedEvent & { type: `run_${string}`; session_id: string; run_id: string }): void {
    const session = this.#session(event);
    const { status: before, stop, open, asked } = this.#run(event);
    const to = event.type.slice('run_'.length);
    this.#become(event, to);
    sameAs(open.size, 0, event);
    sameAs(asked.size, 0, event);
    // A running run stops as it was asked to, and as nothing else.
    if (before === 'running') {
      oneOf(to, stop === undefined ? ['completed', 'failed'] : [stop], event);
      sameAs(session.active, event.run_id, event);
      delete session.active;
    } else if (before.startsWith('waiting_')) {
      sameAs(session.active, event.run_id, event);
      delete session.active;
    } else {
      const place = session.queue.indexOf(event.run_id);
      sameAs(place >= 0, true, event);
      session.queue.splice(place, 1);
    }
  }

  #become(event: RecordedEvent & { run_id: string }, to: string): JudgedRun {
    const run = this.#run(event);
    oneOf(to, listed[run.status] ?? [], event);
    run.status = to;
    return run;
  }
}

function sameAs(value: unknown, expected: unknown, event: RecordedEvent): void {
  expect(value, JSON.stringify(event)).toBe(expected);
}

function oneOf(value: unknown, expected: readonly unknown[], event: RecordedEvent): void {
  expect(expected, JSON.stringify(event)).toContain(value);
}

function atMost(value: number, most: number, event: RecordedEvent): void {
  expect(value, JSON.stringify(event)).toBeLessThanOrEqual(most);
}
