import { startFakeProvider } from '@kheish/testkit';
import { describe, expect, it } from 'vitest';
import { kheish, sandbox, startDaemon } from '../harness/daemon-process.ts';
import { agentRoutes } from '../harness/fake-agent.ts';
import { at, jsonOf, runKheish } from '../harness/kheish-command.ts';
import { PseudoTerminal, ctrlC } from '../harness/pseudo-terminal.ts';

interface Message {
  readonly role: string;
  readonly content: string;
}

/** A daemon whose model says two words, then waits to be let on, wherever the input says "slow". */
async function slowTalker() {
  const gate = Promise.withResolvers<void>();
  const box = sandbox();
  const provider = await startFakeProvider({
    protocol: 'chat-completions',
    answer: (body) => {
      const messages = body['messages'] as unknown as Message[];
      const asked = messages.findLast(({ role }) => role === 'user')?.content ?? '';
      const hold = { afterChunks: 2, until: gate.promise };
      const text = ['first ', 'second ', `answer to ${asked.toUpperCase()}`];
      return { text, ...(asked.includes('slow') && { hold }) };
    },
  });
  const daemon = await startDaemon({ sandbox: box, routesFile: agentRoutes(box, provider) });
  return {
    gate,
    env: at(daemon),
    async [Symbol.asyncDispose]() {
      gate.resolve();
      await daemon[Symbol.asyncDispose]();
      await provider[Symbol.asyncDispose]();
      box[Symbol.dispose]();
    },
  };
}

describe('kheish chat on a terminal', () => {
  it('shows the words as they come, one talk after the other [holds chat.live_words]', async () => {
    await using talker = await slowTalker();
    const { env, gate } = talker;
    using terminal = new PseudoTerminal(`${kheish} chat talk`, { env });
    await terminal.shows('> ');
    terminal.type('slow one\r');
    await terminal.shows('first second');
    expect(terminal.shown).not.toContain('answer to');
    gate.resolve();
    await terminal.shows('answer to SLOW ONE');
    const seen = terminal.shown.indexOf('answer to SLOW ONE');
    await terminal.shows('> ', seen);
    terminal.type('two\r');
    await terminal.shows('answer to TWO', seen);
    await terminal.shows('> ', terminal.shown.indexOf('answer to TWO'));
    terminal.type('/exit\r');
    expect(await terminal.ended()).toBe(0);
    expect(terminal.shown.split('answer to TWO')).toHaveLength(2);
  });

  it('Ctrl-C interrupts the run under way, and leaves where there is none [holds chat.ctrl_c]', async () => {
    await using talker = await slowTalker();
    const { env } = talker;
    using terminal = new PseudoTerminal(`${kheish} chat talk`, { env });
    await terminal.shows('> ');
    terminal.type('slow\r');
    await terminal.shows('first second');
    terminal.type(ctrlC);
    await terminal.shows('interrupting; Ctrl-C again leaves');
    await terminal.shows('the run was interrupted');
    terminal.type('quick\r');
    await terminal.shows('answer to QUICK');
    await terminal.shows('> ', terminal.shown.indexOf('answer to QUICK'));
    terminal.type(ctrlC);
    expect(await terminal.ended()).toBe(0);
    const runs = await jsonOf<{ status: string }[]>(['runs', 'list'], { env });
    expect(runs.map(({ status }) => status)).toEqual(['interrupted', 'completed']);
  });
});

describe('kheish chat without a terminal', () => {
  it('takes each line as an input and exits by the last run [holds chat.piped]', async () => {
    using box = sandbox();
    await using daemon = await startDaemon({ sandbox: box });
    const env = at(daemon);
    const input = 'scripted: say one\n\nscripted: say two\n';
    const talk = await runKheish(['chat', 'piped'], { env, input });
    expect(talk).toMatchObject({ code: 0, stderr: '' });
    expect(talk.stdout).toMatch(/^one\n[^]*^two\n/m);
    const failing = await runKheish(['chat', 'piped'], { env, input: 'scripted: fail refused\n' });
    expect(failing.code).toBe(10);
    expect(failing.stdout).toContain('the run failed');
  });
});
