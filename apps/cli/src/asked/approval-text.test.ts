import type { SandboxView } from '@kheish/client-sdk';
import { describe, expect, test } from 'vitest';
import { approvalView } from '../testing/views.ts';
import { approvalFields, approvalLines, runsCommand } from './approval-text.ts';

const none: SandboxView = { kind: 'none', reason: 'bwrap is not there' };
const digest = `sha256:${'a'.repeat(64)}` as const;

test('a command shows what it is bound to, and that nothing holds it', () => {
  const view = approvalView('a1', {
    input: { command: 'git status' },
    binding: {
      cwd: '/w',
      argv: ['git', 'status'],
      executable: '/usr/bin/git',
      files: [{ path: '/usr/bin/git', digest }, { path: '/w/new' }],
    },
    expires_at_ms: 0,
  });
  expect(approvalLines(view.request, none, false)).toEqual([
    '? bash needs your approval (a rule asks)',
    '    command: "git status"',
    '  cwd /w',
    '  argv ["git","status"]',
    '  executable /usr/bin/git',
    '  file /usr/bin/git sha256:aaaaaaaaaaaa…',
    '  file /w/new (no file)',
    '  no sandbox: bwrap is not there',
    '  expires 1970-01-01T00:00:00.000Z',
  ]);
  expect(approvalFields(view, none)).toMatchObject({
    tool: 'bash',
    arguments: { command: '"git status"' },
    files: [`/usr/bin/git ${digest}`, '/w/new (no file)'],
    sandbox: 'none: bwrap is not there',
    digest: view.request.digest,
  });
});

test('a line with shell syntax says why it is not bound', () => {
  const { request } = approvalView('a1', {
    binding: { cwd: '/w', files: [], unbound: 'it pipes' },
  });
  const bubblewrap: SandboxView = { kind: 'bubblewrap', version: '0.8.0' };
  expect(approvalLines(request, bubblewrap, false).slice(2)).toEqual([
    '  cwd /w',
    '  unbound it pipes',
  ]);
});

test('a budget shows what would be spent', () => {
  const view = approvalView('a1');
  const spends = {
    kind: 'budget',
    id: 'a1',
    budget: 'run',
    unit: 'tokens',
    limit: 10,
    used: 9,
    needed: 5,
    reason: 'No room.',
    requested_at_ms: 0,
  } as const;
  expect(approvalLines(spends, undefined, false)).toEqual([
    '? The run needs your approval to spend more. No room.',
  ]);
  expect(approvalFields({ ...view, request: spends }, undefined)).toMatchObject({
    budget: 'run',
    limit: 10,
    used: 9,
    needed: 5,
  });
  expect(runsCommand(spends)).toBe(false);
});

describe('what a person decides on', () => {
  test('hides nothing: neither controls nor invisible characters, in values and in names', () => {
    const { request } = approvalView('a1', {
      input: { 'a\u202eb': 'x\u200by\u001b[2J\u00ad\u3164' },
    });
    expect(approvalLines(request, undefined, true)[1]).toBe(
      String.raw`    a\u{202e}b: "x\u{200b}y\u001b[2J\u{ad}\u{3164}"`,
    );
  });

  test('says how much of a long argument is left out, and has it all when asked', () => {
    const { request } = approvalView('a1', {
      input: { content: `${'x'.repeat(1_000)}; rm -rf /` },
    });
    expect(approvalLines(request, undefined, false)[1]).toMatch(/x… \(612 more characters\)$/);
    expect(approvalLines(request, undefined, true)[1]).toMatch(/; rm -rf \/"$/);
  });
});

const runs = (binding: object) =>
  runsCommand(approvalView('a', { binding: { files: [], ...binding } }).request);

test('only what runs a command is held by a sandbox', () => {
  expect(runs({ argv: ['ls'] })).toBe(true);
  expect(runs({ unbound: 'it pipes' })).toBe(true);
  expect(runs({ cwd: '/w' })).toBe(false);
});
