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
  const { stdout, stderr, code } = await runHere(
    '--base-url',
    daemon.baseUrl,
    '--output',
    'json',
    ...args,
  );
  const posts = daemon.seen.filter(({ method }) => method === 'POST');
  return { view: JSON.parse(stdout) as unknown, stderr, code, posts, seen: daemon.seen };
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

test.each([
  ['waiting_for_approval', 13, 'kheish approvals allow demo a1 --wait'],
  ['waiting_for_user_question', 14, 'kheish questions answer q1 --interactive'],
] as const)(
  'a wait ends where the run is %s [holds cli.blocked_codes]',
  async (status, code, advice) => {
    const pending = { pending_approval_ids: ['a1'], pending_question_ids: ['q1'] };
    const waitingFor = { waiting_for: 'approval', at_ms: 0, v: 1, seq: 5 };
    const answer = daemonOf(({ method, path }, response) => {
      if (method === 'POST') return json(response, runView('running'), 202);
      if (!path.endsWith('/stream')) return json(response, runView(status, pending));
      startStream(response);
      const ids = { session_id: 'demo', run_id: RUN };
      response.write(frameText({ type: 'run_suspended', ...ids, ...waitingFor }));
    });
    const commands = [
      'approvals allow demo a1 --wait',
      'approvals allow-all --wait --session-id demo',
      'questions answer q1 --run-id r --declined --wait',
      'sessions input demo hi --wait',
      `runs wait ${RUN}`,
    ];
    for (const command of commands) {
      const told = await run(answer, command.split(' '));
      expect({ command, code: told.code }).toEqual({ command, code });
      expect(told.stderr).toContain(advice);
      expect(JSON.stringify(told.view)).toContain(status);
    }
  },
);

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
