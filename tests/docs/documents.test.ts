import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sandbox, startDaemon } from '../harness/daemon-process.ts';
import { fixedPort } from '../harness/fixed-port.ts';
import { at, jsonOf, runProgram } from '../harness/kheish-command.ts';
import {
  documents,
  jsonValues,
  keys,
  readDocument,
  repository,
  runScript,
  scriptOf,
  shellBlocks,
  standIn,
} from './document.ts';

async function runDocument(name: string) {
  using box = sandbox();
  const port = await fixedPort();
  const directory = standIn(box);
  const script = scriptOf(shellBlocks(readDocument(name)), port);
  const ended = await runScript(script, { box, directory, port });
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  for (const text of [ended.stdout, ended.stderr]) {
    for (const key of Object.values(keys)) expect(text).not.toContain(key);
  }
  return { ...ended, values: jsonValues(ended.stdout), left: readdirSync(directory) };
}

describe('the commands of', () => {
  it('README.md make a session, a run that completes, and a store without findings [holds docs.commands_run]', async () => {
    const before = readdirSync(repository);
    const { values, left } = await runDocument('README.md');
    const answer = values.find((value) => Object.hasOwn(value as object, 'outputs'));
    expect(answer).toMatchObject({ status: 'completed', session_id: 'demo' });
    expect(JSON.stringify(answer)).toMatch(/claude-sonnet-4-6.*gpt-5\.4/s);
    const lists = values.filter((value) => Array.isArray(value)) as { type?: string }[][];
    const [messages, events, runs] = lists;
    expect(messages?.length).toBeGreaterThanOrEqual(4);
    expect(events?.map(({ type }) => type)).toEqual(
      expect.arrayContaining(['session_created', 'run_accepted', 'run_completed']),
    );
    expect(runs).toHaveLength(1);
    expect(values).toContainEqual(expect.objectContaining({ status: 'ready', ready: true }));
    expect(values).toContainEqual(expect.objectContaining({ ok: true, findings: [] }));
    expect(left).toContain('demo');
    expect(readdirSync(repository).toSorted()).toEqual(before.toSorted());
  });

  it('docs/running.md start the isolated daemon with both routes, and never print a secret [holds docs.commands_run]', async () => {
    const { values, stdout, stderr } = await runDocument('docs/running.md');
    expect(values).toContainEqual(
      expect.objectContaining({
        ready: true,
        provider_readiness: expect.objectContaining({ route_count: 2, ready_route_count: 2 }),
      }),
    );
    expect(values).toContainEqual(expect.objectContaining({ route_id: 'anthropic' }));
    const slots = expect.arrayContaining([
      expect.objectContaining({ slot_id: 'anthropic.prod', provider: 'anthropic' }),
      expect.objectContaining({ slot_id: 'openai.prod', provider: 'open_ai' }),
    ]);
    expect(values).toContainEqual(slots);
    expect(values).toContainEqual(expect.objectContaining({ slot_id: 'openrouter.prod' }));
    expect(stderr).toContain('"msg":"stopped"');
    expect(stdout).toMatch(/^ok$/m);
  });

  const rest = documents.filter((name) => !['README.md', 'docs/running.md'].includes(name));
  it.each(rest)('%s run', async (name) => {
    expect((await runDocument(name)).code).toBe(0);
  });
});

it('the TypeScript example of README.md runs as written, but for the port [holds docs.example_runs]', async () => {
  using box = sandbox();
  mkdirSync(box.workspaceRoot);
  writeFileSync(join(box.workspaceRoot, 'notes.txt'), 'The harvest begins in June.\n');
  symlinkSync(join(repository, 'node_modules'), join(box.directory, 'node_modules'));
  await using daemon = await startDaemon({ sandbox: box });
  await jsonOf(['sessions', 'create', 'demo'], { env: at(daemon) });
  const example = /^```ts\n(.*?)^```$/ms.exec(readDocument('README.md'))?.[1] ?? '';
  expect(example).toContain('http://127.0.0.1:4000');
  const file = box.file('example.ts', example.replace('http://127.0.0.1:4000', daemon.url));
  const ended = await runProgram(process.execPath, ['--no-warnings', file]);
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('The harvest begins in June.');
});

it('every file that a document links to is there', () => {
  for (const name of [...documents, 'CONTRIBUTING.md']) {
    const links = [...readDocument(name).matchAll(/\]\((?!https?:)([^)#]+)/g)];
    const missing = links
      .map(([, target = '']) => target)
      .filter((target) => !existsSync(join(repository, name, '..', target)));
    expect([name, missing]).toEqual([name, []]);
  }
});
