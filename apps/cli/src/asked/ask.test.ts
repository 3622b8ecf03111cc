import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { question, questionView } from '../testing/views.ts';
import { ask } from './ask.ts';

const { request } = questionView('q1', [
  question('a', { options: [{ id: 'x', label: 'X' }] }),
  question('b'),
]);

test('asks until all is answered', async () => {
  const [input, output] = [new PassThrough(), new PassThrough()];
  const shown = text(output);
  const asked = ask(request, input, output);
  for (const line of ['9', '1', 'words']) {
    await new Promise((resolve) => setImmediate(resolve));
    input.write(`${line}\r`);
  }
  expect(await asked).toEqual({
    request_id: 'q1',
    answers: [
      { question_id: 'a', selected_option_ids: ['x'] },
      { question_id: 'b', freeform_answer: 'words' },
    ],
  });
  output.end();
  expect(await shown).toContain('there is no option 9');
});

test('answers nothing where the person leaves', async () => {
  const input = new PassThrough();
  const asked = ask(request, input, new PassThrough());
  input.write('\u0004');
  await expect(asked).rejects.toThrow('nothing was answered');
});
