import type { Clock, PromptMessage, PromptTool } from '@kheish/core-model';
import { describe, expect, test } from 'vitest';
import { type Heard, hear, realClock, requestOf } from '../testing/drivers-under-test.ts';
import { fileWords } from './file-program.ts';
import { scriptedDriver } from './scripted-driver.ts';

const DISCLOSURE = '(scripted driver: a deterministic program, not a model)';
const tool = (name: string): PromptTool => ({ name, description: '', inputSchema: {} });
const fileTools = ['glob_search', 'read_file'].map(tool);

/** Runs the loop: calls are answered by `answer` until there are none. */
async function converse(
  content: string,
  tools: readonly PromptTool[] = [],
  answer: (call: Heard['parts'][number] & { type: 'tool_call' }) => string = () => '',
): Promise<Heard[]> {
  const driver = scriptedDriver({ clock: realClock });
  const messages: PromptMessage[] = [{ role: 'user', content }];
  const turns: Heard[] = [];
  for (;;) {
    const turn = await hear(driver, requestOf({ messages: [...messages], tools }));
    turns.push(turn);
    if (turn.done.stop_reason !== 'tool_calls') return turns;
    messages.push({ role: 'assistant', driver: 'scripted', model: 'scripted', parts: turn.parts });
    for (const call of turn.parts) {
      if (call.type !== 'tool_call') continue;
      const said = answer(call);
      const { tool_call_id, tool_name } = call;
      const is_error = said.startsWith('error:');
      messages.push({ role: 'tool', tool_call_id, tool_name, content: said, is_error });
    }
  }
}

const callsOf = (turn: Heard | undefined) =>
  turn?.parts.flatMap((part) => (part.type === 'tool_call' ? [[part.tool_name, part.input]] : []));

const ROUTES = `version = 1
default_route = "anthropic"

[routes.anthropic]
driver = "anthropic"
default_model = "claude-x"
auth_ref = "anthropic.prod"

[routes.local]
driver = "openai_compatible"
default_model = "llama"
`;

describe('a prompt', () => {
  const driver = scriptedDriver({ clock: realClock });
  const ask = (model: string, ...messages: PromptMessage[]) =>
    hear(driver, requestOf({ model, messages }));

  test('that is longer than the window that the model is named after is refused', async () => {
    const messages: PromptMessage = { role: 'user', content: 'scripted: say yes' };
    expect((await ask('window-100', messages)).text).toBe(`yes\n${DISCLOSURE}`);
    await expect(ask('window-10', messages)).rejects.toMatchObject({
      code: 'models/context_exceeded',
    });
  });

  test('that shows the end of a long task only is gone on with, and not begun again', async () => {
    const task: PromptMessage = {
      role: 'user',
      content: 'scripted: call a {}\nscripted: call b {}\nscripted: call c {}',
    };
    const turns = await converse(task.content);
    const [step] = turns.slice(1);
    const answer = {
      role: 'assistant',
      driver: 'scripted',
      model: 'm',
      parts: step?.parts ?? [],
    } as const;
    const [called] = answer.parts;
    const id = called?.type === 'tool_call' ? called.tool_call_id : '';
    const output: PromptMessage = {
      role: 'tool',
      tool_call_id: id,
      tool_name: 'b',
      content: '',
      is_error: false,
    };
    expect(callsOf(await ask('m', task, answer, output))).toEqual([['c', {}]]);
  });
});

describe('a file in the task', () => {
  test('is found, read and reported: a routes file by its routes', async () => {
    const turns = await converse(
      'Inspect routes.default.toml and post project-visible updates.',
      fileTools,
      (call) => (call.tool_name === 'glob_search' ? 'conf/routes.default.toml\n' : ROUTES),
    );
    expect(callsOf(turns[0])).toEqual([['glob_search', { pattern: '**/routes.default.toml' }]]);
    expect(callsOf(turns[1])).toEqual([['read_file', { path: 'conf/routes.default.toml' }]]);
    expect(turns[2]?.text).toBe(
      'conf/routes.default.toml: default_route is anthropic. Routes:\n' +
        '- anthropic: driver anthropic, default_model claude-x, auth_ref anthropic.prod\n' +
        `- local: driver openai_compatible, default_model llama, auth_ref not set\n${DISCLOSURE}`,
    );
    expect(turns).toHaveLength(3);
  });

  test('another file by its lines and headings; several files at once', async () => {
    const turns = await converse('Compare README.md with notes.txt', fileTools, (call) => {
      if (call.tool_name === 'glob_search') return 'README.md\nnotes.txt\n';
      return call.input?.['path'] === 'README.md' ? '# One\n\ntext\n## Two\n' : 'first\n\nsecond\n';
    });
    expect(turns.map((turn) => callsOf(turn)?.length)).toEqual([2, 2, 0]);
    expect(turns[2]?.text).toBe(
      'README.md has 4 lines. Headings:\n- # One\n- ## Two\n' +
        `notes.txt has 3 lines. It begins with:\n- first\n- second\n${DISCLOSURE}`,
    );
  });

  test('that cannot be read is reported plainly', async () => {
    const turns = await converse('Read a-file.md.', fileTools, (call) =>
      call.tool_name === 'glob_search' ? '[No file matches.]' : 'error: no such file',
    );
    expect(callsOf(turns[1])).toEqual([['read_file', { path: 'a-file.md' }]]);
    expect(turns[2]?.text).toContain('I could not read a-file.md: error: no such file');
  });

  test('is looked for with list_files where there is no glob_search', async () => {
    const turns = await converse(
      'Read x1.md',
      ['list_files', 'read_file'].map(tool),
      () => 'x1.md',
    );
    expect(callsOf(turns[0])).toEqual([['list_files', {}]]);
  });

  test('is not looked for without tools', async () => {
    const [turn] = await converse('Read a-file.md');
    expect(turn?.text).toContain('I received 2 words: "Read a-file.md". 0 tools are offered.');
  });

  test('is told from other words', () => {
    const text =
      'See src/a.ts, https://x.example/b.md, me@mail.com, e.g. v1.2 and ./Make.mk: a.ts.';
    expect(fileWords(text)).toEqual(['src/a.ts', 'a.ts']);
  });
});

describe('directives', () => {
  test('say and reason: words as deltas', async () => {
    const [turn] = await converse('scripted: reason 2 words\nscripted: say 3 words\nother text');
    expect(turn?.reasoning).toBe('word1 word2\n');
    expect(turn?.text).toBe(`word1 word2 word3\n${DISCLOSURE}`);
    expect(turn?.parts.map(({ type }) => type)).toEqual(['reasoning', 'text']);
  });

  test('call and also: one turn each, several calls in one, and what they gave', async () => {
    const turns = await converse(
      'scripted: call one {"a":1}\nscripted: also two {"b"\nscripted: call three',
      [],
      ({ tool_name }) => (tool_name === 'two' ? 'error: bad' : 'fine'),
    );
    expect(turns[0]?.parts).toMatchObject([
      { tool_name: 'one', input: { a: 1 } },
      { tool_name: 'two', raw_input: '{"b"' },
    ]);
    expect(callsOf(turns[1])).toEqual([['three', {}]]);
    expect(turns[2]?.text).toBe(
      `one returned: fine\ntwo failed: error: bad\nthree returned: fine\n${DISCLOSURE}`,
    );
    const ids = turns.flatMap(({ parts }) =>
      parts.flatMap((part) => (part.type === 'tool_call' ? [part.tool_call_id] : [])),
    );
    expect(new Set(ids).size).toBe(3);
  });

  test('fail: breaks off after what was said', async () => {
    await expect(converse('scripted: say 1 word\nscripted: fail overloaded')).rejects.toMatchObject(
      {
        code: 'models/overloaded',
      },
    );
  });

  test('pause: through the clock, ended by the signal', async () => {
    const slept: number[] = [];
    const abort = new AbortController();
    const clock: Clock = {
      ...realClock,
      sleep: async (ms, signal) => {
        slept.push(ms);
        if (slept.length === 3) abort.abort(new Error('stop'));
        signal?.throwIfAborted();
      },
    };
    const content = 'scripted: pause 20 per word\nscripted: say 100 words';
    const request = requestOf({ messages: [{ role: 'user', content }] });
    await expect(hear(scriptedDriver({ clock }), request, abort.signal)).rejects.toThrow('stop');
    expect(slept).toEqual([20, 20, 20]);
  });

  test('an unknown one is named', async () => {
    expect((await converse('scripted: dance'))[0]?.text).toContain('"dance"');
  });
});

test('a limit on output is kept', async () => {
  const request = requestOf({ generation: { max_output_tokens: 2 } });
  const { text, done } = await hear(scriptedDriver({ clock: realClock }), request);
  expect(text).toBe('I received ');
  expect(done.stop_reason).toBe('max_output_tokens');
});
