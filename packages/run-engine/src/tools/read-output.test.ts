import {
  type JsonObject,
  KheishError,
  SHOWN_OUTPUT_BYTES,
  type ToolContext,
} from '@kheish/core-model';
import { expect, test } from 'vitest';
import { tool } from '../testing/acting-tool.ts';
import { type ModelTurn, call, text } from '../testing/fake-model.ts';
import { EngineRoot, type RunningEngine } from '../testing/running-engine.ts';
import { messageView } from '../view/message-view.ts';
import { readOutput } from './read-output.ts';

const long = Array.from({ length: 6_000 }, (_, line) => `line ${line} — €\n`).join('');
const speaking = tool(() => Promise.resolve({ content: long }));

/** A session whose third message is the long output; `turn` is the model call that is shown it. */
async function spoken(root: EngineRoot): Promise<{ daemon: RunningEngine; turn: ModelTurn }> {
  const daemon = await root.start({ tools: [speaking] });
  await daemon.engine.createSession({ session_id: 's' });
  await daemon.submit('s');
  (await daemon.turn(1)).answer(call('c', 'act', {}));
  return { daemon, turn: await daemon.turn(2) };
}

const context = { session_id: 's', run_id: 'r', action_id: 'a' } as ToolContext;

test('a long output is shown by its ends, read on in pages, and kept in full [holds context.long_outputs]', async () => {
  await using root = new EngineRoot();
  const { daemon, turn } = await spoken(root);
  const shown = turn.request.messages.at(-1);
  if (shown?.role !== 'tool') throw new Error('the output is not in the prompt');
  expect(shown.content.length).toBeLessThan(SHOWN_OUTPUT_BYTES + 1_000);
  const [note = '', message = '', offset = ''] =
    /read_output \{"message":(\d+),"offset":(\d+)\}/.exec(shown.content) ?? [];
  expect(note).not.toBe('');

  const reader = readOutput(daemon.store);
  let read = shown.content.slice(0, shown.content.indexOf('\n['));
  for (let next: string | undefined = offset; next !== undefined;) {
    const input = reader.parse({ message: Number(message), offset: Number(next) });
    const page = (await reader.run(input, context)).content;
    const end = page.lastIndexOf('\n[bytes ');
    read += page.slice(0, end);
    next = /from offset (\d+) on/.exec(page.slice(end))?.[1];
  }
  expect(read).toBe(long);

  const [entry] = daemon.store.read.messages('s', { from: 2, limit: 1 });
  if (entry === undefined) throw new Error('the output is not in the transcript');
  expect(await messageView(daemon.store, 's', entry)).toMatchObject({ content: long });
  turn.answer(text('done'));
});

test('a later step and a later start show an output as it was shown first', async () => {
  await using root = new EngineRoot();
  const { daemon, turn } = await spoken(root);
  const first = JSON.stringify(turn.request.messages);
  turn.answer(call('d', 'act', {}));
  const later = JSON.stringify((await daemon.turn(3)).request.messages);
  expect(later.slice(0, first.length - 1)).toBe(first.slice(0, -1));
  await daemon.die();

  const next = await root.start({ tools: [speaking] });
  await next.engine.recover();
  const again = await next.turn(1);
  expect(JSON.stringify(again.request.messages)).toBe(later);
  again.answer(text('done'));
});

test('reading refuses what is no output of this session', async () => {
  await using root = new EngineRoot();
  const { daemon, turn } = await spoken(root);
  const reader = readOutput(daemon.store);
  const read = (message: number, session_id = 's') =>
    reader.run(reader.parse({ message }), { ...context, session_id });
  for (const message of [0, 1, 3]) {
    await expect(read(message)).rejects.toMatchObject({ code: 'tools/not_found' });
  }
  await expect(read(2, 'other')).rejects.toMatchObject({ code: 'tools/not_found' });
  const refused: JsonObject[] = [
    {},
    { message: -1 },
    { message: 2, limit: 1_000_000 },
    { message: 2, to: 1 },
  ];
  for (const input of refused) expect(() => reader.parse(input)).toThrow(KheishError);
  turn.answer(text('done'));
});
