import type { ServerResponse } from 'node:http';
import { PassThrough } from 'node:stream';
import { createClient } from '@kheish/client-sdk';
import { describe, expect, test } from 'vitest';
import {
  type Answer,
  type AnyEvent,
  fakeDaemon,
  frameText,
  json,
  problem,
  startStream,
} from '../testing/fake-daemon.ts';
import { RUN, pageOf, runView, sessionView, statusView } from '../testing/views.ts';
import { chat } from './chat.ts';

const run = { session_id: 'demo', run_id: RUN };
const recorded = { ...run, at_ms: 0, v: 1 };
const delta = (step: number, attempt: number, offset: number, text: string) => ({
  type: 'model_delta',
  ...run,
  step,
  attempt,
  offset,
  text,
});
const settled = (seq: number, step: number, parts: object[]) => ({
  type: 'action_settled',
  ...recorded,
  seq,
  action_id: 'a',
  step,
  kind: 'model_call',
  target: 'model:m',
  outcome: 'succeeded',
  message: { role: 'assistant', parts, stop_reason: 'end', driver: 'd', model: 'm' },
});
const ending = (seq: number, status: string) => ({
  type: `run_${status}`,
  ...recorded,
  seq,
  outputs: [],
});

interface Script {
  /** Called when an input has come; says what the stream brings. */
  onInput?: (stream: ServerResponse, count: number) => void;
  onInterrupt?: (stream: ServerResponse) => void;
  onStream?: (stream: ServerResponse, count: number) => void;
  outcome?: () => ReturnType<typeof runView>;
}

function daemonOf(script: Script): Answer {
  let stream: ServerResponse | undefined;
  let streams = 0;
  let inputs = 0;
  return ({ method, path }, response) => {
    if (path === '/v1/status') return json(response, statusView('10'));
    if (path === '/v1/sessions') return json(response, sessionView(), 201);
    if (path === '/v1/sessions/demo') return json(response, sessionView());
    if (path === '/v1/approvals' || path === '/v1/questions') return json(response, pageOf([]));
    if (path.endsWith('/stream')) {
      startStream(response);
      stream = response;
      streams += 1;
      script.onStream?.(response, streams);
    } else if (path.endsWith('/interrupt')) {
      json(response, { interrupted: true, session: sessionView() }, 202);
      script.onInterrupt?.(stream!);
    } else if (method === 'POST') {
      inputs += 1;
      json(response, runView('queued'), 202);
      script.onInput?.(stream!, inputs);
    } else json(response, script.outcome?.() ?? runView('completed'));
  };
}

function talk(baseUrl: string, terminal: boolean) {
  const input = new PassThrough();
  const output = new PassThrough();
  let shown = '';
  const watchers = new Set<() => void>();
  output.on('data', (chunk) => {
    shown += String(chunk);
    for (const watch of watchers) watch();
  });
  const io = { input, output, terminal, colored: false };
  const ended = chat(createClient({ baseUrl }), 'demo', io);
  return {
    input,
    ended,
    shown: () => shown,
    until: async (text: string): Promise<void> => {
      await new Promise<void>((resolve) => {
        const watch = () => {
          if (shown.includes(text)) resolve();
        };
        watchers.add(watch);
        watch();
      });
    },
  };
}

async function piped(script: Script, lines: string) {
  await using daemon = await fakeDaemon(daemonOf(script));
  const { input, ended, shown } = talk(daemon.baseUrl, false);
  input.end(lines);
  return { code: await ended, shown: shown(), seen: [...daemon.seen] };
}

const write = (stream: ServerResponse, ...events: AnyEvent[]) =>
  stream.write(events.map(frameText).join(''));

describe('without a terminal', () => {
  test('every line is an input, one after the other; words come once, tool calls in one line', async () => {
    const { code, shown, seen } = await piped(
      {
        onInput: (stream, count) =>
          count === 1
            ? write(
                stream,
                delta(1, 1, 0, 'Let me '),
                delta(1, 1, 7, 'look.'),
                settled(11, 1, [
                  { type: 'text', text: 'Let me look.' },
                  {
                    type: 'tool_call',
                    tool_call_id: 't',
                    tool_name: 'read_file',
                    input: { path: 'a' },
                  },
                ]),
                settled(12, 2, [{ type: 'text', text: 'Done.' }]),
                ending(13, 'completed'),
              )
            : write(stream, ending(14, 'completed')),
        outcome: () => runView('completed'),
      },
      'first\n\n  \nsecond\n/exit\nthird\n',
    );
    expect(shown).toBe('Let me look.\n· read_file {"path":"a"}\nDone.\n');
    expect(code).toBe(0);
    const contents = seen.filter(({ path }) => path.endsWith('/runs')).map(({ body }) => body);
    expect(contents).toEqual([{ content: 'first' }, { content: 'second' }]);
  });

  test('a higher attempt starts a new line and replaces', async () => {
    const { shown } = await piped(
      {
        onInput: (stream) =>
          write(
            stream,
            delta(1, 1, 0, 'Hal'),
            delta(1, 2, 0, 'Hello'),
            settled(11, 1, [{ type: 'text', text: 'Hello!' }]),
            ending(12, 'completed'),
          ),
      },
      'hi\n',
    );
    expect(shown).toBe('Hal\nHello!\n');
  });

  test('a failed run is one sentence and the exit code', async () => {
    const error = { domain: 'models', code: 'timeout', detail: 'the model\nwas silent' };
    const { code, shown } = await piped(
      {
        onInput: (stream) => write(stream, { ...ending(11, 'failed'), error }),
        outcome: () => runView('failed', { error }),
      },
      'hi\n',
    );
    expect(shown).toBe('the run failed: the model was silent\n');
    expect(code).toBe(10);
  });

  test('what the stream did not bring is caught up on, and steers no terminal', async () => {
    const content = 'long \u001b[2Janswer';
    const { shown } = await piped(
      {
        onInput: (stream) => write(stream, ending(11, 'completed')),
        outcome: () =>
          runView('completed', {
            outputs: [{ session_id: 'demo', run_id: RUN, source_kind: 'assistant_text', content }],
          }),
      },
      'hi\n',
    );
    expect(shown).toBe('long [2Janswer\n');
  });

  test('goes on when the stream is cut in the middle of a word', async () => {
    const { code, shown } = await piped(
      {
        onInput: (stream) => {
          write(stream, delta(1, 1, 0, 'Hel'));
          setTimeout(() => stream.destroy(), 50);
        },
        onStream: (stream, count) => {
          if (count === 1) return;
          write(
            stream,
            delta(1, 1, 0, 'Hello'),
            settled(11, 1, [{ type: 'text', text: 'Hello' }]),
            ending(12, 'completed'),
          );
        },
      },
      'hi\n',
    );
    expect(shown).toBe('Hello\n');
    expect(code).toBe(0);
  });

  test('a refused input is one sentence, and the talk goes on', async () => {
    const answer = daemonOf({});
    await using daemon = await fakeDaemon((seen, response) =>
      seen.path.endsWith('/runs')
        ? problem(response, 400, 'routes/no_routes')
        : answer(seen, response),
    );
    const { input, ended, shown } = talk(daemon.baseUrl, false);
    input.end('one\ntwo\n');
    expect(await ended).toBe(2);
    const sentence = 'daemon returned 400 (routes/no_routes): as told\n';
    expect(shown()).toBe(sentence + sentence);
  });
});

describe('on a terminal', () => {
  test('Ctrl-C interrupts the run, and leaves when idle', async () => {
    await using daemon = await fakeDaemon(
      daemonOf({
        onInput: (stream) => write(stream, delta(1, 1, 0, 'Thinking')),
        onInterrupt: (stream) => write(stream, ending(11, 'interrupted')),
        outcome: () => runView('interrupted'),
      }),
    );
    const { input, ended, until } = talk(daemon.baseUrl, true);
    await until('> ');
    input.write('hi\r');
    await until('Thinking');
    input.write('\u0003');
    await until('the run was interrupted');
    input.write('\u0003');
    expect(await ended).toBe(0);
    expect(daemon.seen.filter(({ path }) => path.endsWith('/interrupt'))).toHaveLength(1);
  });

  test('a second Ctrl-C leaves while the run still stops', async () => {
    await using daemon = await fakeDaemon(
      daemonOf({ onInput: (stream) => write(stream, delta(1, 1, 0, 'Thinking')) }),
    );
    const { input, ended, until } = talk(daemon.baseUrl, true);
    await until('> ');
    input.write('hi\r');
    await until('Thinking');
    input.write('\u0003');
    await until('interrupting');
    input.write('\u0003');
    expect(await ended).toBe(0);
  });

  test('Ctrl-D leaves', async () => {
    await using daemon = await fakeDaemon(daemonOf({}));
    const { input, ended, until } = talk(daemon.baseUrl, true);
    await until('> ');
    input.write('\u0004');
    expect(await ended).toBe(0);
  });
});
