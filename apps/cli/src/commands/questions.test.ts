import { expect, test } from 'vitest';
import { fakeDaemon, json } from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { RUN, pageOf, question, questionView, runView } from '../testing/views.ts';

async function run(...args: string[]) {
  await using daemon = await fakeDaemon(({ path }, response) =>
    path === '/v1/questions'
      ? json(response, pageOf([questionView('q1', [question('a')])]))
      : json(response, runView('running'), path.endsWith('/cancel') ? 200 : 202),
  );
  await runHere('--base-url', daemon.baseUrl, 'questions', ...args);
  const { path, body, headers } = daemon.seen.at(-1)!;
  return { path, body, key: headers['idempotency-key'], calls: daemon.seen.length };
}

test('answers go to the run that asks', async () => {
  const answers = [{ question_id: 'a', freeform_answer: 'b' }];
  expect(
    await run('answer', 'q1', '--answers-json', JSON.stringify(answers), '--idempotency-key', 'k'),
  ).toEqual({
    path: `/v1/runs/${RUN}/questions`,
    body: { resolution: { request_id: 'q1', answers } },
    key: 'k',
    calls: 2,
  });
});

test('a request is declined with the reason, and not looked for where the run is named', async () => {
  const told = await run('answer', 'q9', '--run-id', 'r', '--declined', '--justification', 'j');
  expect(told).toMatchObject({
    path: '/v1/runs/r/questions',
    body: { resolution: { request_id: 'q9', declined: true, justification: 'j' } },
    calls: 1,
  });
});

test('a request is withdrawn', async () => {
  const told = await run('cancel', 'q1', '--justification', 'j');
  expect(told).toMatchObject({
    path: `/v1/runs/${RUN}/questions/q1/cancel`,
    body: { justification: 'j' },
  });
});

test.each([
  [[], 'give exactly one of'],
  [['--declined', '--answers-json', '[]'], 'give exactly one of'],
  [['--answers-json', '{}'], 'the answers are not a JSON list'],
  [['--answers-json', '['], 'the list of answers is not JSON'],
  [['--declined', '--timeout-ms', '5'], '--timeout-ms goes with --wait'],
  [['--interactive'], '--interactive needs a terminal'],
])('answer %j is refused before anything is asked', async (flags, sentence) => {
  await expect(run('answer', 'q1', ...flags)).rejects.toThrow(sentence);
});
