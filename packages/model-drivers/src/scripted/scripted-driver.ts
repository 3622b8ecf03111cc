import {
  type Clock,
  KheishError,
  type ModelDriver,
  type ModelEvent,
  type ModelRequest,
} from '@kheish/core-model';
import { toolCallPart } from '../http/tool-arguments.ts';
import { type Task, callId, currentTask } from './conversation.ts';
import { directedTurn, pauseOf } from './directives.ts';
import { fileTurn } from './file-program.ts';
import { excerpt } from './outcome-report.ts';
import { type ScriptedTurn, answerTurn } from './scripted-turn.ts';

const SCRIPTED = 'scripted';
const DISCLOSURE = '(scripted driver: a deterministic program, not a model)';
/** What a token of text is counted as. */
const CHARACTERS_PER_TOKEN = 4;

/** A small deterministic program in the place of a model. It sends nothing anywhere. */
export function scriptedDriver({ clock }: { readonly clock: Clock }): ModelDriver {
  return {
    name: SCRIPTED,
    async *stream(request, signal) {
      checkWindow(request);
      const task = currentTask(request.messages);
      const turn =
        directedTurn(task) ??
        fileTurn(task, request.tools) ??
        answerTurn(acknowledge(task, request));
      yield* speak({ ...turn, number: task.turns }, request, clock, pauseOf(task), signal);
    },
  };
}

/** A model named `window-5000` takes prompts of up to 5000 tokens. */
function checkWindow(request: ModelRequest): void {
  const window = /^window-(\d+)$/.exec(request.model)?.[1];
  if (window === undefined || promptTokens(request) <= Number(window)) return;
  throw new KheishError('models/context_exceeded', `The script's window is ${window} tokens.`);
}

function promptTokens({ system, messages }: ModelRequest): number {
  return tokens(system + JSON.stringify(messages));
}

function acknowledge(task: Task, request: ModelRequest): string {
  const words = task.text.split(/\s+/).filter((word) => word !== '').length;
  const tools = request.tools.length;
  return `I received ${words} words: "${excerpt(task.text)}". ${tools} tools are offered.\n`;
}

async function* speak(
  turn: ScriptedTurn & { readonly number: number },
  request: ModelRequest,
  clock: Clock,
  pauseMs: number,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  const answers = turn.calls.length === 0 && turn.fail === undefined;
  const words = wordsOf(answers ? `${turn.text}${DISCLOSURE}` : turn.text);
  const limit = request.generation.max_output_tokens ?? Infinity;
  const text = words.slice(0, limit).join('');

  signal.throwIfAborted();
  if (turn.reasoning !== '') {
    yield* deltas('reasoning_delta', wordsOf(turn.reasoning), clock, pauseMs, signal);
    yield { type: 'part', part: { type: 'reasoning', text: turn.reasoning } };
  }
  yield* deltas('text_delta', words.slice(0, limit), clock, pauseMs, signal);
  if (turn.fail !== undefined) throw new KheishError(turn.fail, 'The script says: fail.');
  if (text !== '') yield { type: 'part', part: { type: 'text', text } };
  for (const [index, { tool, args }] of turn.calls.entries()) {
    const id = callId(request.messages, turn.number, index);
    yield { type: 'part', part: toolCallPart(id, tool, args) };
  }
  const calls = turn.calls.map(({ args }) => args).join('');
  const cut = words.length > limit;
  yield {
    type: 'done',
    stop_reason: cut ? 'max_output_tokens' : answers ? 'end' : 'tool_calls',
    usage: {
      input_tokens: promptTokens(request),
      output_tokens: tokens(turn.reasoning + text + calls),
    },
  };
}

async function* deltas(
  type: 'text_delta' | 'reasoning_delta',
  words: readonly string[],
  clock: Clock,
  pauseMs: number,
  signal: AbortSignal,
): AsyncGenerator<ModelEvent> {
  for (const text of words) {
    signal.throwIfAborted();
    yield { type, text };
    if (pauseMs > 0) await clock.sleep(pauseMs, signal);
  }
}

/** Each word with the space after it. */
function wordsOf(text: string): string[] {
  return text.match(/\S+\s*|^\s+/g) ?? [];
}

function tokens(text: string): number {
  return Math.ceil(text.length / CHARACTERS_PER_TOKEN);
}
