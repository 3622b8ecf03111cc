import { CommanderError } from 'commander';
import { withDefaultCommand } from './default-command.ts';
import { exitCodes } from './exit-codes.ts';
import { failureOf } from './failure.ts';
import { createProgram } from './program.ts';

// A reader that has seen enough (`| head`) ends the command quietly.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  throw error;
});
// A daemon whose log nobody reads any more serves on; there is nobody left to be told.
process.stderr.on('error', () => undefined);

try {
  await createProgram().parseAsync(withDefaultCommand(process.argv.slice(2)), { from: 'user' });
} catch (thrown) {
  if (thrown instanceof CommanderError) {
    // Commander has said what there is to say.
    const shown = thrown.code === 'commander.helpDisplayed' || thrown.code === 'commander.version';
    process.exitCode = shown || thrown.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  } else {
    const { message, exitCode } = await failureOf(thrown);
    process.stderr.write(`Error: ${message}\n`);
    process.exitCode = exitCode;
  }
}
