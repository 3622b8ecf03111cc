import type { Command } from 'commander';
import { colorsOn, onDaemon } from '../invocation.ts';

const example = `
Type a line to send it; /exit or Ctrl-D leaves. Ctrl-C interrupts the run under way, once more it leaves.
Without a terminal every line of stdin is an input, and the exit code tells the outcome of the last run.
`;

export function addChat(program: Command): void {
  program
    .command('chat <session>')
    .description('talk with a session; it is created if there is none')
    .addHelpText('after', example)
    .action(
      onDaemon(async ({ client }, sessionId: string) => {
        const { chat } = await import('../chat/chat.ts');
        const { stdin, stdout } = process;
        const terminal = stdin.isTTY && stdout.isTTY;
        process.exitCode = await chat(client, sessionId, {
          input: stdin,
          output: stdout,
          terminal,
          colored: colorsOn(terminal),
        });
      }),
    );
}
