import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, StreamEvent } from '@kheish/client-sdk';
import { ApprovalForm } from '../asked/approval-form.ts';
import { runsCommand } from '../asked/approval-text.ts';
import { allOf } from '../asked/find-request.ts';
import type { Form } from '../asked/form.ts';
import { QuestionForm } from '../asked/question-form.ts';
import { failureOf } from '../failure.ts';
import type { PromptLine } from './prompt-line.ts';
import type { Transcript } from './transcript.ts';

/** Between two attempts to learn from a daemon that is away what is open. */
const RETRY_MS = 500;

/** An open request; its resolution is what sends the answer. */
interface Asked {
  readonly id: string;
  readonly runId: string;
  readonly askedAtMs: number;
  readonly form: Form<() => Promise<unknown>>;
}

/**
 * Puts before a person what the session's runs ask, one request after the other. What is open is always what the
 * daemon lists: events only say when to look again.
 */
export class Asking {
  readonly #client: Client;
  readonly #sessionId: string;
  readonly #transcript: Transcript;
  readonly #promptLine: PromptLine;
  readonly #signal: AbortSignal;
  readonly #answered = new Set<string>();
  #current: Asked | undefined;
  /** An answer is on its way, or what is open after it. */
  #between: 'no' | 'sending' | 'sent' = 'no';
  #stale = false;
  #looking = false;

  constructor(
    client: Client,
    sessionId: string,
    {
      transcript,
      promptLine,
    }: { readonly transcript: Transcript; readonly promptLine: PromptLine },
    signal: AbortSignal,
  ) {
    this.#client = client;
    this.#sessionId = sessionId;
    this.#transcript = transcript;
    this.#promptLine = promptLine;
    this.#signal = signal;
  }

  /** Whether something is asked, or an answer is on its way. */
  get state(): 'nothing asked' | 'asked' | 'answering' {
    if (this.#current !== undefined) return 'asked';
    return this.#between === 'no' ? 'nothing asked' : 'answering';
  }

  note(event: StreamEvent): void {
    if (!('request_id' in event || 'request' in event || event.type === 'stream_gap')) return;
    if ('request_id' in event && event.request_id === this.#current?.id) {
      this.#withdraw(endingOf(event));
    }
    this.look();
  }

  /** Brings up what is open now. */
  look(): void {
    this.#stale = true;
    if (this.#looking) return;
    this.#looking = true;
    void this.#look();
  }

  take(line: string): void {
    const asked = this.#current;
    if (asked === undefined) return;
    const taken = asked.form.take(line);
    if ('resolution' in taken) {
      this.#current = undefined;
      this.#between = 'sending';
      this.#promptLine.ask(undefined);
      void this.#send(asked, taken.resolution);
      return;
    }
    this.#transcript.tell('hint' in taken ? [taken.hint] : taken.more);
    this.#promptLine.ask(asked.form.prompt);
  }

  async #send(asked: Asked, resolve: () => Promise<unknown>): Promise<void> {
    try {
      await resolve();
      this.#answered.add(asked.id);
    } catch (error) {
      this.#transcript.complain((await failureOf(error)).message);
    }
    this.#between = 'sent';
    this.look();
  }

  async #look(): Promise<void> {
    // From the last look at `#stale` to the end there is no pause, so that nobody's word is missed.
    while (this.#stale && !this.#signal.aborted) {
      this.#stale = false;
      const sent = this.#between === 'sent';
      try {
        const open = await this.#open();
        if (sent) this.#between = 'no';
        this.#bringUp(open.filter(({ id }) => !this.#answered.has(id)));
      } catch (error) {
        await this.#failed(error);
      }
    }
    this.#looking = false;
  }

  async #failed(thrown: unknown): Promise<void> {
    if (this.#signal.aborted) return;
    if (await isAway(thrown)) {
      this.#stale = true;
      await sleep(RETRY_MS, undefined, { signal: this.#signal }).catch(() => undefined);
      return;
    }
    this.#between = 'no';
    this.#transcript.complain((await failureOf(thrown)).message);
  }

  #bringUp(open: readonly Asked[]): void {
    if (this.#signal.aborted || this.#between !== 'no') return;
    const current = this.#current;
    if (current !== undefined) {
      if (open.some(({ id }) => id === current.id)) return;
      this.#withdraw();
    }
    const [next] = open;
    if (next === undefined) return;
    this.#current = next;
    this.#transcript.tell(next.form.lines);
    this.#promptLine.ask(next.form.prompt);
  }

  #withdraw(why = 'it was answered or withdrawn'): void {
    this.#current = undefined;
    this.#promptLine.ask(undefined);
    this.#transcript.remark(why);
  }

  /** Everything open, oldest first. */
  async #open(): Promise<Asked[]> {
    const { approvals, questions } = this.#client;
    const which = { sessionId: this.#sessionId, limit: 100, signal: this.#signal };
    const [toAllow, toAnswer] = [
      await allOf(approvals.list(which)),
      await allOf(questions.list(which)),
    ];
    const sandbox = toAllow.some(({ request }) => runsCommand(request))
      ? (await this.#client.runtime.get({ signal: this.#signal })).sandbox
      : undefined;
    const asked: Asked[] = [
      ...toAllow.map(({ run_id, request }) => ({
        id: request.id,
        runId: run_id,
        askedAtMs: request.requested_at_ms,
        form: sending(new ApprovalForm(request, sandbox), (word) =>
          approvals.resolve(run_id, [word]),
        ),
      })),
      ...toAnswer.map(({ run_id, request }) => ({
        id: request.id,
        runId: run_id,
        askedAtMs: request.created_at_ms,
        form: sending(new QuestionForm(request), (answer) => questions.resolve(run_id, answer)),
      })),
    ];
    if (asked.length < 2) return asked;
    const order = await this.#order(new Set(asked.map(({ runId }) => runId)));
    return asked.toSorted(
      (a, b) => a.askedAtMs - b.askedAtMs || order.indexOf(a.id) - order.indexOf(b.id),
    );
  }

  /** Calls of one answer are asked for at one time; the model has put them in an order. */
  async #order(runIds: ReadonlySet<string>): Promise<string[]> {
    const order: string[] = [];
    for (const runId of runIds) {
      const run = await this.#client.runs.get(runId, { signal: this.#signal });
      order.push(...(run.pending_approval_ids ?? []), ...(run.pending_question_ids ?? []));
    }
    return order;
  }
}

function sending<R>(
  form: Form<R>,
  send: (resolution: R) => Promise<unknown>,
): Form<() => Promise<unknown>> {
  return {
    get lines() {
      return form.lines;
    },
    get prompt() {
      return form.prompt;
    },
    take: (line) => {
      const taken = form.take(line);
      return 'resolution' in taken ? { resolution: () => send(taken.resolution) } : taken;
    },
  };
}

function endingOf(event: StreamEvent): string | undefined {
  switch (event.type) {
    case 'approval_resolved':
      return `somebody else has ${event.behavior === 'allow' ? 'allowed' : 'denied'} it`;
    case 'question_resolved':
      return `somebody else has ${event.declined ? 'declined' : 'answered'} it`;
    case 'approval_voided':
    case 'question_voided':
      return {
        changed: 'what it would act on has changed; it is asked anew',
        expired: 'it has expired',
        withdrawn: 'it was withdrawn',
        run_ended: 'its run has ended',
      }[event.reason];
    default:
      return undefined;
  }
}

/** Whether the daemon restarts, or the way to it is cut. */
async function isAway(error: unknown): Promise<boolean> {
  const { DaemonUnreachable, KheishError, RequestTimedOut } = await import('@kheish/client-sdk');
  if (error instanceof DaemonUnreachable || error instanceof RequestTimedOut) return true;
  return error instanceof KheishError && error.status === 503;
}
