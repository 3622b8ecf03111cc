import { expect, test } from 'vitest';
import { Transcript } from './transcript.ts';

test('a run that goes on with another model says so between the words of the two', () => {
  let shown = '';
  const transcript = new Transcript((text) => (shown += text), false);
  const run = { session_id: 's', run_id: 'r' };
  const delta = { type: 'model_delta', ...run, attempt: 1, offset: 0 } as const;
  const error = { domain: 'models', code: 'overloaded', detail: 'It is busy.' };
  transcript.show({ ...delta, step: 1, text: 'half' });
  transcript.show({ type: 'run_fell_back', ...run, seq: 1, at_ms: 0, v: 1, model: 'spare', error });
  transcript.show({ ...delta, step: 2, text: 'whole' });
  expect(shown).toBe('half\nthe run goes on with spare: It is busy.\nwhole');
});

test('says that the model does not see all of the session any more', () => {
  let shown = '';
  const transcript = new Transcript((text) => (shown += text), false);
  transcript.show({
    type: 'context_compacted',
    session_id: 's',
    run_id: 'r',
    seq: 1,
    at_ms: 0,
    v: 1,
    method: 'summary',
    boundary: 4,
    summarized: 4,
    outputs_before: 0,
    tokens_before: 900,
    tokens_after: 300,
    covers: `sha256:${'0'.repeat(64)}`,
  });
  expect(shown).toBe('earlier messages are summarised for the model\n');
});
