import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { REDACTED, createRedactor } from '@kheish/auth-store';
import {
  KheishError,
  type RunState,
  type Tool,
  type ToolCallPart,
  type ToolContext,
  firstRevision,
} from '@kheish/core-model';
import { ManualClock } from '@kheish/testkit';
import * as fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import type { AgentTool } from '../tools/agent-tool.ts';
import { type Authority, ToolGate } from './tool-gate.ts';
import { STOP_MS } from './within-time.ts';

const clock = new ManualClock();
const roomy = { maxToolCallsAtOnce: 9, maxToolCallsAtOncePerRun: 9 };

function tool(run: Tool['run'], changes: Partial<Tool> = {}): Tool {
  return {
    name: 'act',
    description: 'Acts.',
    inputSchema: { type: 'object' },
    effect: 'repeatable',
    limits: { timeoutMs: 100, maxOutputBytes: 10 },
    parse: (input) => input,
    run,
    ...changes,
  };
}

const says = (content: string) => tool(() => Promise.resolve({ content }));
const act: ToolCallPart = { type: 'tool_call', tool_call_id: 'c', tool_name: 'act', input: {} };

function context(signal = new AbortController().signal): ToolContext {
  return {
    session_id: 's',
    run_id: 'r',
    action_id: 'a',
    signal,
    reach: 'workspace_write',
    background: () => Promise.reject(new Error('there are no tasks here')),
    begin: () => Promise.resolve(),
  };
}

const authority: Authority = {
  run: { config_revision: 1 } as RunState,
  verdict: () => ({ decision: 'allow', reason: '' }),
  limits: firstRevision.config.tool_limits,
  isOnRecord: true,
};

const run = (offered: AgentTool, call = act, signal?: AbortSignal) =>
  new ToolGate([offered], clock, roomy, createRedactor()).run(call, authority, context(signal));

describe('a call that cannot be carried out is answered, not thrown', () => {
  test('of a tool that does not exist, with the names of those that do', async () => {
    const answer = await run(says('x'), { ...act, tool_name: 'toString' });
    expect(answer.content).toBe('There is no tool toString. The tools are: act.');
    expect(answer.error?.code).toBe('tools/unknown_tool');
    const none = await new ToolGate([], clock, roomy, createRedactor()).run(
      act,
      authority,
      context(),
    );
    expect(none.content).toBe('There is no tool act. The tools are: none.');
  });

  test('with arguments that were no JSON object', async () => {
    const { input: _input, ...broken } = act;
    const answer = await run(says('x'), { ...broken, raw_input: '{' });
    expect(answer.error?.code).toBe('tools/invalid_input');
  });

  test('with input that the tool does not take; the tool is not run', async () => {
    const refused = tool(() => Promise.reject(new Error('it was run')), {
      parse: () => {
        throw new KheishError('tools/invalid_input', 'path is missing');
      },
    });
    const answer = await run(refused);
    expect(answer).toMatchObject({ content: 'path is missing' });
    expect(answer.error?.code).toBe('tools/invalid_input');
  });

  test.each([
    ['a typed error', new KheishError('tools/not_found', 'gone'), 'tools/not_found', 'gone'],
    ['an error', new TypeError('broken'), 'tools/failed', 'broken'],
    ['a text', 'broken', 'tools/failed', 'broken'],
    ['undefined', undefined, 'tools/failed', 'an unknown error'],
    ['null', null, 'tools/failed', 'an unknown error'],
    ['a symbol', Symbol('odd'), 'tools/failed', 'an unknown error'],
    ['an object without a prototype', Object.create(null), 'tools/failed', 'an unknown error'],
  ])('when the tool throws %s, at once or later', async (_name, thrown, code, content) => {
    for (const offered of [
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors
      tool(() => Promise.reject(thrown)),
      tool(() => {
        // oxlint-disable-next-line typescript/only-throw-error
        throw thrown;
      }),
    ]) {
      const answer = await run(offered);
      expect(answer.content).toBe(content);
      expect(answer.error?.code).toBe(code);
    }
  });

  test.each([undefined, null, {}, { content: 7 }])('when it gives %j', async (result) => {
    const answer = await run(tool(() => Promise.resolve(result as never)));
    expect(answer.error?.code).toBe('tools/failed');
  });

  test('when it takes too long, also where it does not listen', async () => {
    let told: unknown;
    const deaf = tool((_input, { signal }) => {
      signal.addEventListener('abort', () => (told = signal.reason));
      return new Promise(() => undefined);
    });
    const answered = run(deaf);
    clock.advance(99);
    expect(told).toBeUndefined();
    clock.advance(1);
    await vi.waitFor(() => expect(told).toBeDefined());
    clock.advance(STOP_MS);
    const answer = await answered;
    expect(answer.content).toBe('act took longer than 100 ms and was stopped.');
    expect(answer.error?.code).toBe('tools/failed');
    expect(told).toBe(answer.error);
    expect(clock.pending).toBe(0);
  });

  test('when it takes too long, not before it has ended what it started', async () => {
    const ended = Promise.withResolvers<never>();
    let told = false;
    const slow = tool((_input, { signal }) => {
      signal.addEventListener('abort', () => (told = true));
      return ended.promise;
    });
    let isAnswered = false;
    const answered = run(slow).finally(() => (isAnswered = true));
    clock.advance(100);
    await vi.waitFor(() => expect(told).toBe(true));
    clock.advance(STOP_MS - 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    ended.reject(new KheishError('tools/death_unproven', 'some live'));
    expect(await answered).toMatchObject({ content: 'some live', deathUnproven: true });
  });
});

test('an abort is thrown on, whatever the tool makes of it', async () => {
  const stop = new AbortController();
  const reason = new Error('stopped');
  const translating = tool(
    (_input, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('own words')));
      }),
  );
  const answered = run(translating, act, stop.signal);
  stop.abort(reason);
  await expect(answered).rejects.toBe(reason);
});

test('a tool that ends well is not stopped by an abort that comes later', async () => {
  const stop = new AbortController();
  expect(await run(says('done'), act, stop.signal)).toEqual({ content: 'done' });
  stop.abort();
});

test('no timer is left behind by a call', async () => {
  await run(says('done'));
  await run(tool(() => Promise.reject(new Error('no'))));
  expect(clock.pending).toBe(0);
});

describe('what a tool says is bounded in bytes', () => {
  test.each([
    ['0123456789', '0123456789'],
    ['0123456789a', '0123456789\n[cut after 10 bytes]'],
    ['éééééx', 'ééééé\n[cut after 10 bytes]'],
    ['xééééé', 'xéééé\n[cut after 10 bytes]'],
    ['漢漢漢漢', '漢漢漢\n[cut after 10 bytes]'],
    ['😀😀😀', '😀😀\n[cut after 10 bytes]'],
    ['😀😀é', '😀😀é'],
  ])('%s', async (said, content) => {
    expect(await run(says(said))).toEqual({ content });
  });

  test('a character that stands at the bound is whole or not there', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 4, maxLength: 20 }), async (said) => {
        const { content } = await run(says(said));
        const kept = content.replace(/\n\[cut after 10 bytes\]$/, '');
        expect(said.startsWith(kept)).toBe(true);
        expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(10);
        if (kept !== said) expect(Buffer.byteLength(kept)).toBeGreaterThan(6);
      }),
    );
  });
});

describe('arguments with a mark in the place of a secret', () => {
  const marked = { ...act, input: { deep: [{ text: `a=${REDACTED}\nb=2` }] } };
  const acts: unknown[] = [];
  const acting = tool(
    (input) => {
      acts.push(input);
      return Promise.resolve({ content: 'done' });
    },
    { effect: 'once', auditTarget: () => 'act:test' },
  );

  test('are not acted upon, and nobody is asked about them [holds tools.whole_arguments]', async () => {
    const answer = await run(acting, marked);
    expect(answer.error?.code).toBe('tools/redacted_input');
    expect(acts).toEqual([]);
    const gate = new ToolGate([acting], clock, roomy, createRedactor());
    expect(await gate.prepare(marked, () => true)).toMatchObject({ hopeless: true });
    expect((await run(acting)).content).toBe('done');
  });

  test('do no harm to what only reads', async () => {
    expect((await run(says('read'), marked)).content).toBe('read');
  });
});

test('two tools of one name are refused, and one that is not there is harmless to repeat', () => {
  expect(() => new ToolGate([says('a'), says('b')], clock, roomy, createRedactor())).toThrow(
    'two tools have one name',
  );
  const gate = new ToolGate(
    [{ ...says('a'), effect: 'once', auditTarget: () => 'act:a' }],
    clock,
    roomy,
    createRedactor(),
  );
  expect(gate.effectOf('act')).toBe('once');
  expect(gate.effectOf('__proto__')).toBe('repeatable');
});

test('nothing but the gate runs a tool', () => {
  const packages = join(import.meta.dirname, '../../..');
  const runs = /\btool\w*(?:\)|\.get\([^)]*\))?\??\.run\(/i;
  const files = readdirSync(packages, { recursive: true, encoding: 'utf8' }).filter(
    (file) => /^[^/]+\/src\/.*(?<!\.test|\.d)\.ts$/.test(file) && !file.includes('/testing/'),
  );
  const callers = files.filter((file) => runs.test(readFileSync(join(packages, file), 'utf8')));
  expect(files.length).toBeGreaterThan(100);
  // The second makes tools: what it calls is the part of a tool's own `run` that is told from outside.
  expect(callers.toSorted()).toEqual([
    'run-engine/src/effects/tool-gate.ts',
    'workspace-tools/src/tools/define-tool.ts',
  ]);
});

describe('what a tool says of a known secret', () => {
  const redactor = createRedactor();
  redactor.add('sk-12345678');
  const gate = (offered: AgentTool) => new ToolGate([offered], clock, roomy, redactor);

  test('is told without it, before what is too long is cut', async () => {
    const answer = await gate(says('123sk-12345678')).run(act, authority, context());
    expect(answer.content).toBe('123[redact\n[cut after 10 bytes]');
  });

  test('also where it fails', async () => {
    const failing = tool(() =>
      Promise.reject(new KheishError('tools/unreadable', 'no sk-12345678')),
    );
    const answer = await gate(failing).run(act, authority, context());
    expect(answer).toMatchObject({
      content: 'no [redacted]',
      error: { code: 'tools/unreadable', message: 'no [redacted]' },
    });
  });
});
