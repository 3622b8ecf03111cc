import { describe, expect, test } from 'vitest';
import {
  type Answer,
  fakeDaemon,
  frameText,
  json,
  problem,
  startStream,
} from '../testing/fake-daemon.ts';
import { runHere } from '../testing/run-cli.ts';
import { RUN, approvalView, pageOf, runView } from '../testing/views.ts';

const open = [
  approvalView('a1'),
  approvalView('a2'),
  { ...approvalView('b1', {}, 'run_2'), session_id: 'other' },
];

/** Lists the requests, and takes every answer. */
const daemonOf =
  (answers: Answer = (_, response) => json(response, runView('running'), 202)): Answer =>
  (seen, response) => {
    if (seen.path === '/v1/approvals') return json(response, pageOf(open));
    if (seen.path === '/v1/runtime') return problem(response, 500, 'internal/internal');
    return answers(seen, response);
  };

async function run(answer: Answer, args: string[]) {
  await using daemon = await fakeDaemon(answer);
  const { stdout, code } = await runHere('--base-url', daemon.baseUrl, '--output', 'json', ...args);
  const posts = daemon.seen.filter(({ method }) => method === 'POST');
  return { view: JSON.parse(stdout) as unknown, code, posts, seen: daemon.seen };
}

describe.each([
  ['approvals', 'allow'],
  ['sessions', 'approve'],
])('%s %s', (group, name) => {
  test('allows the request of the session, with what was told', async () => {
    const { posts, seen } = await run(
      daemonOf(),
      `${group} ${name} demo a2 --justification j --idempotency-key k`
        .split(' ')
        .concat('--updated-input-json', '{"command":"pwd"}'),
    );
    expect(seen[0]?.query.get('session_id')).toBe('demo');
    expect(posts.map(({ path }) => path)).toEqual([`/v1/runs/${RUN}/approvals`]);
    expect(posts[0]?.headers['idempotency-key']).toBe('k');
    expect(posts[0]?.body).toEqual({
      resolutions: [
        {
          request_id: 'a2',
          behavior: 'allow',
          justification: 'j',
          updated_input: { command: 'pwd' },
        },
      ],
    });
  });
});

describe.each(['approvals', 'sessions'])('%s deny', (group) => {
  test('denies, with the reason; a run that is named is not looked for', async () => {
    const { seen } = await run(
      daemonOf(),
      `${group} deny demo a1 --reason no --run-id run_9`.split(' '),
    );
    expect(seen.map(({ path }) => path)).toEqual(['/v1/runs/run_9/approvals']);
    expect(seen[0]?.body).toEqual({
      resolutions: [{ request_id: 'a1', behavior: 'deny', reason: 'no' }],
    });
  });
});

test('a request that is not open is not found', async () => {
  const allow = run(daemonOf(), ['approvals', 'allow', 'demo', 'a9']);
  await expect(allow).rejects.toThrow('no open request has the id a9');
});

test('--wait ends where the run waits again, with the exit code of that', async () => {
  const suspended = {
    type: 'run_suspended',
    session_id: 'demo',
    run_id: RUN,
    waiting_for: 'user_question',
    seq: 5,
    at_ms: 0,
    v: 1,
  };
  const { code, view } = await run(
    daemonOf(({ method, path }, response) => {
      if (method === 'POST') return json(response, runView('running'), 202);
      if (!path.endsWith('/stream')) return json(response, runView('waiting_for_user_question'));
      startStream(response);
      response.write(frameText(suspended));
    }),
    ['approvals', 'allow', 'demo', 'a1', '--wait'],
  );
  expect(code).toBe(14);
  expect(view).toMatchObject({ status: 'waiting_for_user_question' });
});

test.each([
  ['allow-all', 'allow'],
  ['approve-all', 'allow'],
  ['deny-all', 'deny'],
])('%s answers everything, a batch for each run', async (name, behavior) => {
  const { view, posts } = await run(daemonOf(), ['approvals', name, '--justification', 'j']);
  expect(posts.map(({ path, body }) => ({ path, body }))).toEqual([
    {
      path: `/v1/runs/${RUN}/approvals`,
      body: {
        resolutions: ['a1', 'a2'].map((id) => ({ request_id: id, behavior, justification: 'j' })),
      },
    },
    {
      path: '/v1/runs/run_2/approvals',
      body: { resolutions: [{ request_id: 'b1', behavior, justification: 'j' }] },
    },
  ]);
  expect(view).toMatchObject({
    resolved_requests: 3,
    affected_sessions: ['demo', 'other'],
    runs: [{}, {}],
  });
});

test('where one run refuses its batch, the others are answered all the same, and it is said', async () => {
  await using daemon = await fakeDaemon(
    daemonOf(({ path }, response) =>
      path.includes(RUN)
        ? problem(response, 409, 'approvals/approval_not_open')
        : json(response, runView('running'), 202),
    ),
  );
  const told = runHere('--base-url', daemon.baseUrl, 'approvals', 'allow-all');
  await expect(told).rejects.toMatchObject({ code: 'approvals/approval_not_open' });
  expect(daemon.seen.map(({ path }) => path).at(-1)).toBe('/v1/runs/run_2/approvals');
});

test('show says what keeps a command from the rest of the machine', async () => {
  const bound = approvalView('a1', { binding: { cwd: '/w', argv: ['ls'], files: [] } });
  const asked: string[] = [];
  const show = run(
    ({ path }, response) => {
      asked.push(path);
      if (path === '/v1/approvals') return json(response, pageOf([bound]));
      return problem(response, 500, 'internal/internal');
    },
    ['approvals', 'show', 'a1'],
  );
  await expect(show).rejects.toThrow();
  expect(asked).toEqual(['/v1/approvals', '/v1/runtime']);
  const { view } = await run(daemonOf(), ['approvals', 'show', 'a2']);
  expect(view).toEqual(open[1]);
});
