import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DaemonProcess,
  type Sandbox,
  sandbox,
  startDaemon,
} from '../harness/daemon-process.ts';
import { at, expectRefusal, jsonOf, runKheish } from '../harness/kheish-command.ts';

interface Run {
  readonly run_id: string;
}

let box: Sandbox;
let daemon: DaemonProcess;
let env: Record<string, string>;

beforeAll(async () => {
  box = sandbox();
  daemon = await startDaemon({ sandbox: box });
  env = at(daemon);
  for (const id of ['sources', 'keys']) await jsonOf(['sessions', 'create', id], { env });
});

afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  box[Symbol.dispose]();
});

describe('the content of an input', () => {
  it('comes from an argument, a file or stdin, byte for byte [holds cli.input_sources]', async () => {
    const text = '  Grüße: "quotes", $HOME,\n\ttabs and a last line\n';
    const file = box.file('content.txt', text);
    for (const source of [[text], ['--content-file', file], ['--stdin']]) {
      await jsonOf(['sessions', 'input', 'sources', ...source, '--wait'], { env, input: text });
    }
    const messages = await jsonOf<{ role: string; content: string }[]>(
      ['sessions', 'messages', 'sources'],
      { env },
    );
    const said = messages.filter(({ role }) => role === 'user').map(({ content }) => content);
    expect(said).toEqual([text, text, text]);
  });

  it('comes from exactly one of them, and is not blank', async () => {
    for (const source of [[], ['text', '--stdin'], ['--stdin', '--content-file', '/dev/null']]) {
      const refused = await runKheish(['sessions', 'input', 'sources', ...source], { env });
      expectRefusal(refused, 2, 'give exactly one of the content, --content-file and --stdin');
    }
    const missing = ['sessions', 'input', 'sources', '--content-file', '/dev/null/none'];
    expectRefusal(await runKheish(missing, { env }), 2, '--content-file: ENOTDIR');
    const blank = await runKheish(['sessions', 'input', 'sources', '--stdin'], {
      env,
      input: ' \n',
    });
    expectRefusal(blank, 2, /blank/);
  });
});

describe('--idempotency-key', () => {
  it('makes one run of two submits, and refuses another input under it [holds cli.idempotency_key]', async () => {
    const [first, second] = await Promise.all([
      jsonOf<Run>(inputOnce('hello'), { env }),
      jsonOf<Run>(inputOnce('hello'), { env }),
    ]);
    expect(second.run_id).toBe(first.run_id);
    expect(await jsonOf(['runs', 'list', '--session-id', 'keys'], { env })).toHaveLength(1);
    const other = await runKheish(inputOnce('another'), { env });
    expectRefusal(other, 6, 'daemon returned 409 (idempotency/idempotency_conflict)');
    const waited = await jsonOf<Run>([...inputOnce('hello'), '--wait'], { env });
    expect(waited).toMatchObject({ run_id: first.run_id, status: 'completed' });
  });
});

function inputOnce(text: string): string[] {
  return ['sessions', 'input', 'keys', text, '--idempotency-key', 'k1'];
}
