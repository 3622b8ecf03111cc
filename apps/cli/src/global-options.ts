import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { UsageError } from './failure.ts';
import { type OutputChoice, outputChoices } from './output/form.ts';

export interface GlobalOptions {
  readonly baseUrl: string;
  readonly token?: string;
  readonly tokenFile?: string;
  readonly output: OutputChoice;
}

export function addGlobalOptions(program: Command): void {
  program
    .addOption(
      new Option('--base-url <url>', 'address of the daemon')
        .env('KHEISH_DAEMON_URL')
        .default('http://127.0.0.1:4000'),
    )
    .addOption(new Option('--token <token>', 'bearer token').env('KHEISH_DAEMON_TOKEN'))
    .addOption(
      new Option('--token-file <path>', 'file that holds the bearer token').env(
        'KHEISH_DAEMON_TOKEN_FILE',
      ),
    )
    .addOption(
      new Option('--output <form>', 'auto: tables on a terminal, pretty JSON elsewhere')
        .choices(outputChoices)
        .default('auto'),
    );
}

/** The bearer token; a flag beats the environment, and two at the same level are one too many. */
export function tokenOf(command: Command): string | undefined {
  const { token, tokenFile } = command.optsWithGlobals<GlobalOptions>();
  const byFlag = (name: string) => command.getOptionValueSourceWithGlobals(name) === 'cli';
  if (token !== undefined && tokenFile !== undefined && byFlag('token') === byFlag('tokenFile')) {
    throw new UsageError('give the token either as --token or as --token-file');
  }
  const useFile = tokenFile !== undefined && (token === undefined || byFlag('tokenFile'));
  const given = useFile ? readText(tokenFile, '--token-file') : token;
  const trimmed = given?.trim();
  if (trimmed === '') throw new UsageError('the token is empty');
  return trimmed;
}

/** A file that a flag names, as text. */
export function readText(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new UsageError(`${flag}: ${reason}`);
  }
}
