import { createInterface } from 'node:readline/promises';
import type { QuestionResolution, UserQuestionRequest } from '@kheish/client-sdk';
import { QuestionForm } from './question-form.ts';

/** Asks a person on a terminal until all is answered or declined. Throws where the person leaves. */
export async function ask(
  request: UserQuestionRequest,
  input: NodeJS.ReadableStream,
  output: NodeJS.WritableStream,
): Promise<QuestionResolution> {
  const form = new QuestionForm(request);
  const left = new AbortController();
  const reading = createInterface({ input, output, terminal: true });
  reading.on('close', () => left.abort(new Error('nothing was answered')));
  const tell = (lines: readonly string[]) => output.write(`${lines.join('\n')}\n`);
  try {
    tell(form.lines);
    for (;;) {
      const { signal } = left;
      const line = await reading.question(form.prompt, { signal }).catch(() => {
        throw signal.reason;
      });
      const taken = form.take(line);
      if ('resolution' in taken) return taken.resolution;
      tell('hint' in taken ? [taken.hint] : taken.more);
    }
  } finally {
    reading.close();
  }
}
