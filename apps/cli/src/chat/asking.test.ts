import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import {
  type PendingApprovalView,
  type PendingQuestionView,
  createClient,
} from '@kheish/client-sdk';
import { describe, expect, test } from 'vitest';
import {
  type AnyEvent,
  type Seen,
  fakeDaemon,
  frameText,
  json,
  problem,
  startStream,
} from '../testing/fake-daemon.ts';
import {
  RUN,
  approvalView,
  pageOf,
  question,
  questionView,
  runView,
  sessionView,
  statusView,
} from '../testing/views.ts';
import { chat } from './chat.ts';

const event = (seq: number, type: string, more: object = {}): AnyEvent => ({
  type,
  session_id: 'demo',
  run_id: RUN,
  seq,
  at_ms: 0,
  v: 1,
  ...more,
});
const resolved = (seq: number, request_id: string, behavior = 'allow') =>
  event(seq, 'approval_resolved', { request_id, behavior });
const ended = (seq: number) => event(seq, 'run_completed', { outputs: [] });

/** A daemon with one run, of which the test decides what it asks and what becomes of answers. */
class Stage {
  approvals: PendingApprovalView[] = [];
  questions: PendingQuestionView[] = [];
  status: Parameters<typeof runView>[0] = 'completed';
  active: string | undefined;
  pendingQuestions: string[] = [];
  stream!: ServerResponse;
  readonly connected = Promise.withResolvers<void>();
  readonly inputs: unknown[] = [];
  readonly answers: unknown[] = [];
  onAnswer: (response: ServerResponse) => void = (response) =>
    json(response, runView('running'), 202);

  readonly answer = ({ method, path, body }: Seen, response: ServerResponse): void => {
    if (path === '/v1/status') return json(response, statusView('10'));
    if (path === '/v1/approvals') return json(response, pageOf(this.approvals));
    if (path === '/v1/questions') return json(response, pageOf(this.questions));
    if (path.endsWith('/stream')) {
      startStream(response);
      this.stream = response;
      this.connected.resolve();
    } else if (path === `/v1/runs/${RUN}`) {
      const asked = this.approvals.map(({ request }) => request.id);
      const pending = {
        pending_approval_ids: asked.toReversed(),
        pending_question_ids: this.pendingQuestions,
      };
      json(response, runView(this.status, pending));
    } else if (method === 'GET' || path === '/v1/sessions') {
      const active = this.active === undefined ? {} : { active_run_id: this.active };
      json(response, { ...sessionView(), ...active }, method === 'GET' ? 200 : 201);
    } else if (path.endsWith('/approvals') || path.endsWith('/questions')) {
      this.answers.push(body);
      this.onAnswer(response);
    } else {
      this.inputs.push((body as { content: string }).content);
      json(response, runView('queued'), 202);
    }
  };

  tell(...events: AnyEvent[]): void {
    this.stream.write(events.map(frameText).join(''));
  }

  ask(seq: number, ...approvals: PendingApprovalView[]): void {
    this.approvals = approvals;
    this.tell(event(seq, 'approval_requested', { request: approvals.at(-1)?.request }));
  }
}

async function talk(stage: Stage, terminal = true) {
  const daemon = await fakeDaemon(stage.answer);
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  let from = 0;
  const watchers = new Set<() => void>();
  output.on('data', (chunk) => {
    shown += String(chunk);
    for (const watch of watchers) watch();
  });
  const client = createClient({ baseUrl: daemon.baseUrl });
  const over = chat(client, 'demo', { input, output, terminal, colored: false });
  await stage.connected.promise;
  return {
    daemon,
    over,
    shown: () => shown,
    keys: (keys: string) => void input.write(keys),
    type: (line: string) => void input.write(`${line}\r`),
    end: (text: string) => void input.end(text),
    /** Resolves when this is on the screen, after what was waited for before. */
    shows: async (text: string): Promise<void> => {
      await new Promise<void>((resolve) => {
        const watch = () => {
          const at = shown.indexOf(text, from);
          if (at < 0) return;
          from = at + text.length;
          watchers.delete(watch);
          resolve();
        };
        watchers.add(watch);
        watch();
      });
    },
    leave: async () => {
      input.write('\u0004');
      await over;
      await daemon[Symbol.asyncDispose]();
    },
  };
}

const answerOf = (id: string, behavior: string, more: object = {}) => ({
  resolutions: [{ request_id: id, behavior, ...more }],
});

test('asks while other calls of the batch run, and takes the answer for no input [holds chat.asks]', async () => {
  const stage = new Stage();
  const { type, shows, shown, leave } = await talk(stage);
  await shows('> ');
  type('go');
  await expect.poll(() => stage.inputs).toEqual(['go']);
  stage.ask(11, approvalView('a1'));
  await shows('command: "ls"');
  await shows('allow bash?');
  const settled = { action_id: 'x', step: 1, kind: 'tool_call', target: 'tool:other' };
  stage.tell(event(12, 'action_settled', { ...settled, outcome: 'unknown_outcome' }));
  await shows('tool:other unknown_outcome');
  await shows('allow bash?');
  type('perhaps');
  await shows('y allows it');
  type('n not now');
  await expect.poll(() => stage.answers).toEqual([answerOf('a1', 'deny', { reason: 'not now' })]);
  stage.approvals = [];
  stage.tell(resolved(13, 'a1', 'deny'), ended(14));
  await shows('> ');
  type('next');
  await expect.poll(() => stage.inputs).toEqual(['go', 'next']);
  expect(shown()).not.toContain('somebody else');
  stage.tell(ended(15));
  await leave();
});

test('takes back what somebody else has answered, with what was half typed [holds chat.asks]', async () => {
  const stage = new Stage();
  stage.approvals = [approvalView('a1')];
  const { keys, type, shows, leave } = await talk(stage);
  await shows('allow bash?');
  keys('y');
  await shows('y');
  stage.approvals = [approvalView('a2', { tool_name: 'write_file' })];
  stage.tell(resolved(11, 'a1', 'deny'));
  await shows('somebody else has denied it');
  await shows('allow write_file?');
  type('');
  await shows('y allows it');
  expect(stage.answers).toEqual([]);
  await leave();
});

test('asks anew where what is acted on has changed', async () => {
  const stage = new Stage();
  stage.approvals = [approvalView('a1')];
  const { type, shows, leave } = await talk(stage);
  await shows('allow bash?');
  stage.approvals = [approvalView('a2', { input: { command: 'pwd' } })];
  const { request } = stage.approvals[0]!;
  const voided = event(11, 'approval_voided', { request_id: 'a1', reason: 'changed' });
  stage.tell(voided, event(12, 'approval_requested', { request }));
  await shows('has changed');
  await shows('command: "pwd"');
  await shows('allow bash?');
  type('y');
  await expect.poll(() => stage.answers).toEqual([answerOf('a2', 'allow')]);
  await leave();
});

test('asks again what could not be answered while the daemon was away', async () => {
  const stage = new Stage();
  stage.approvals = [approvalView('a1')];
  stage.onAnswer = (response) => problem(response, 503, 'readiness/daemon_draining');
  const { type, shows, leave } = await talk(stage);
  await shows('allow bash?');
  type('y');
  await shows('daemon_draining');
  stage.stream.destroy();
  await shows('allow bash?');
  stage.onAnswer = (response) => {
    stage.approvals = [];
    json(response, runView('running'), 202);
  };
  type('y');
  const answer = answerOf('a1', 'allow');
  await expect.poll(() => stage.answers).toEqual([answer, answer]);
  await leave();
});

test("asks in the model's order what is asked at one time", async () => {
  const stage = new Stage();
  stage.approvals = [approvalView('a1'), approvalView('a2', { tool_name: 'write_file' })];
  const { type, shows, shown, leave } = await talk(stage);
  await shows('allow write_file?');
  expect(shown()).not.toContain('allow bash?');
  stage.onAnswer = (response) => {
    stage.approvals = stage.approvals.filter(({ request }) => request.id !== 'a2');
    json(response, runView('running'), 202);
  };
  type('y');
  await shows('allow bash?');
  await leave();
});

test('asks questions one after the other, and answers them together', async () => {
  const stage = new Stage();
  const options = [{ id: 'x', label: 'X' }];
  stage.questions = [questionView('q1', [question('a', { options }), question('b')])];
  const { type, shows, leave } = await talk(stage);
  await shows('1. X');
  await shows('answer 1 of 2');
  type('1');
  await shows('answer 2 of 2');
  type('words');
  const answers = [
    { question_id: 'a', selected_option_ids: ['x'] },
    { question_id: 'b', freeform_answer: 'words' },
  ];
  await expect.poll(() => stage.answers).toEqual([{ resolution: { request_id: 'q1', answers } }]);
  await leave();
});

test('a line that is typed between two requests is no input for the model', async () => {
  const stage = new Stage();
  const { type, shows, leave } = await talk(stage);
  await shows('> ');
  type('go');
  await expect.poll(() => stage.inputs).toEqual(['go']);
  stage.ask(11, approvalView('a1'));
  await shows('allow bash?');
  const sent = Promise.withResolvers<ServerResponse>();
  stage.onAnswer = sent.resolve;
  type('y');
  const response = await sent.promise;
  type('y');
  await shows('not taken');
  stage.approvals = [];
  json(response, runView('running'), 202);
  stage.tell(ended(12));
  await shows('> ');
  await leave();
  expect(stage.inputs).toEqual(['go']);
});

describe('a line with a slash', () => {
  test('is no input where it could be a command, and one where it could not', async () => {
    const stage = new Stage();
    const { type, shows, leave } = await talk(stage);
    await shows('> ');
    type('/frobnicate it');
    await shows('there is no /frobnicate');
    type('/decline');
    await shows('nothing is asked');
    type('/help');
    await shows('/exit leaves');
    type('/usr/bin/x is broken');
    await expect.poll(() => stage.inputs).toEqual(['/usr/bin/x is broken']);
    stage.tell(ended(11));
    await shows('> ');
    await leave();
  });
});

describe('without a terminal', () => {
  test.each([
    ['waiting_for_approval', 13, 'kheish approvals allow demo a1'],
    ['waiting_for_user_question', 14, 'kheish questions answer q1'],
  ] as const)(
    'a run that is %s ends the talk [holds chat.piped_blocked]',
    async (status, code, advice) => {
      const stage = new Stage();
      Object.assign(stage, { active: RUN, status, pendingQuestions: ['q1'] });
      stage.approvals = [approvalView('a1')];
      const { end, over, shown, daemon } = await talk(stage, false);
      end('go\ny\n');
      await expect.poll(() => stage.inputs).toEqual(['go']);
      stage.tell(event(11, 'run_suspended', { waiting_for: 'approval' }));
      expect(await over).toBe(code);
      expect(shown()).toContain(advice);
      expect(stage.inputs).toEqual(['go']);
      expect(stage.answers).toEqual([]);
      await daemon[Symbol.asyncDispose]();
    },
  );
});
