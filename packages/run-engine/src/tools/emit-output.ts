import * as v from 'valibot';
import type { DecidingTool } from './agent-tool.ts';
import { parseInput } from './parse-input.ts';

const MAX_CHARACTERS = 1_000_000;

const Input = v.strictObject({
  content: v.pipe(v.string(), v.nonEmpty(), v.maxLength(MAX_CHARACTERS)),
});

/** Gives something out before the end of the run: it stands among the run's outputs. */
export const emitOutput: DecidingTool<{ content: string }> = {
  kind: 'deciding',
  name: 'emit_output',
  description:
    'Gives a text out to whoever waits for this run, before its end. Your last answer is given out anyway.',
  inputSchema: {
    type: 'object',
    properties: {
      content: { type: 'string', maxLength: MAX_CHARACTERS, description: 'The text.' },
    },
    required: ['content'],
    additionalProperties: false,
  },
  parse: (input) => parseInput(Input, input),
  text: ({ content }) => content,
  decide: (state, { content }, { run, actionId, body = content }) => {
    state.record({
      type: 'output_emitted',
      session_id: run.session_id,
      run_id: run.run_id,
      action_id: actionId,
      step: run.step,
      content: body,
    });
    return 'It is given out.';
  },
};
